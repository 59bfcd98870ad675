namespace Flint.Coap;

/// <summary>The "CoAP Content-Formats" registry (RFC 7252 section 12.3) without its temporary entries. Values without a name here are valid.</summary>
public enum CoapContentFormat : ushort
{
    /// <summary>text/plain; charset=utf-8.</summary>
    TextPlain = 0,

    /// <summary>application/cose; cose-type="cose-encrypt0".</summary>
    CoseEncrypt0 = 16,

    /// <summary>application/cose; cose-type="cose-mac0".</summary>
    CoseMac0 = 17,

    /// <summary>application/cose; cose-type="cose-sign1".</summary>
    CoseSign1 = 18,

    /// <summary>application/ace+cbor.</summary>
    AceCbor = 19,

    /// <summary>image/gif.</summary>
    Gif = 21,

    /// <summary>image/jpeg.</summary>
    Jpeg = 22,

    /// <summary>image/png.</summary>
    Png = 23,

    /// <summary>application/link-format (RFC 6690).</summary>
    LinkFormat = 40,

    /// <summary>application/xml.</summary>
    Xml = 41,

    /// <summary>application/octet-stream.</summary>
    OctetStream = 42,

    /// <summary>application/exi.</summary>
    Exi = 47,

    /// <summary>application/json.</summary>
    Json = 50,

    /// <summary>application/json-patch+json.</summary>
    JsonPatch = 51,

    /// <summary>application/merge-patch+json.</summary>
    MergePatch = 52,

    /// <summary>application/cbor.</summary>
    Cbor = 60,

    /// <summary>application/cwt.</summary>
    Cwt = 61,

    /// <summary>application/multipart-core (RFC 8710).</summary>
    MultipartCore = 62,

    /// <summary>application/cbor-seq.</summary>
    CborSequence = 63,

    /// <summary>application/edhoc+cbor-seq (RFC 9528).</summary>
    EdhocCborSequence = 64,

    /// <summary>application/cid-edhoc+cbor-seq (RFC 9528).</summary>
    CidEdhocCborSequence = 65,

    /// <summary>application/cose; cose-type="cose-encrypt".</summary>
    CoseEncrypt = 96,

    /// <summary>application/cose; cose-type="cose-mac".</summary>
    CoseMac = 97,

    /// <summary>application/cose; cose-type="cose-sign".</summary>
    CoseSign = 98,

    /// <summary>application/cose-key.</summary>
    CoseKey = 101,

    /// <summary>application/cose-key-set.</summary>
    CoseKeySet = 102,

    /// <summary>application/senml+json.</summary>
    SenmlJson = 110,

    /// <summary>application/sensml+json.</summary>
    SensmlJson = 111,

    /// <summary>application/senml+cbor.</summary>
    SenmlCbor = 112,

    /// <summary>application/sensml+cbor.</summary>
    SensmlCbor = 113,

    /// <summary>application/senml-exi.</summary>
    SenmlExi = 114,

    /// <summary>application/sensml-exi.</summary>
    SensmlExi = 115,

    /// <summary>application/yang-data+cbor; id=sid (RFC 9254).</summary>
    YangDataCborSid = 140,

    /// <summary>application/coap-group+json.</summary>
    CoapGroupJson = 256,

    /// <summary>application/concise-problem-details+cbor (RFC 9290).</summary>
    ConciseProblemDetails = 257,

    /// <summary>application/swid+cbor.</summary>
    SwidCbor = 258,

    /// <summary>application/dots+cbor (RFC 9132).</summary>
    DotsCbor = 271,

    /// <summary>application/missing-blocks+cbor-seq (RFC 9177).</summary>
    MissingBlocks = 272,

    /// <summary>application/pkcs7-mime; smime-type=server-generated-key (RFC 9148).</summary>
    Pkcs7ServerGeneratedKey = 280,

    /// <summary>application/pkcs7-mime; smime-type=certs-only (RFC 9148).</summary>
    Pkcs7CertsOnly = 281,

    /// <summary>application/pkcs8 (RFC 9148).</summary>
    Pkcs8 = 284,

    /// <summary>application/csrattrs (RFC 9148).</summary>
    CsrAttributes = 285,

    /// <summary>application/pkcs10 (RFC 9148).</summary>
    Pkcs10 = 286,

    /// <summary>application/pkix-cert (RFC 9148).</summary>
    PkixCertificate = 287,

    /// <summary>application/aif+cbor (RFC 9237).</summary>
    AifCbor = 290,

    /// <summary>application/aif+json (RFC 9237).</summary>
    AifJson = 291,

    /// <summary>application/senml+xml.</summary>
    SenmlXml = 310,

    /// <summary>application/sensml+xml.</summary>
    SensmlXml = 311,

    /// <summary>application/senml-etch+json.</summary>
    SenmlEtchJson = 320,

    /// <summary>application/senml-etch+cbor.</summary>
    SenmlEtchCbor = 322,

    /// <summary>application/yang-data+cbor (RFC 9254).</summary>
    YangDataCbor = 340,

    /// <summary>application/yang-data+cbor; id=name (RFC 9254).</summary>
    YangDataCborName = 341,

    /// <summary>application/td+json.</summary>
    ThingDescriptionJson = 432,

    /// <summary>application/tm+json.</summary>
    ThingModelJson = 433,

    /// <summary>application/vnd.ocf+cbor.</summary>
    OcfCbor = 10000,

    /// <summary>application/oscore (RFC 8613).</summary>
    Oscore = 10001,

    /// <summary>application/javascript.</summary>
    JavaScript = 10002,

    /// <summary>application/json in the coding deflate.</summary>
    JsonDeflate = 11050,

    /// <summary>application/cbor in the coding deflate.</summary>
    CborDeflate = 11060,

    /// <summary>application/vnd.oma.lwm2m+tlv.</summary>
    LwM2mTlv = 11542,

    /// <summary>application/vnd.oma.lwm2m+json.</summary>
    LwM2mJson = 11543,

    /// <summary>application/vnd.oma.lwm2m+cbor.</summary>
    LwM2mCbor = 11544,

    /// <summary>text/css.</summary>
    Css = 20000,

    /// <summary>image/svg+xml.</summary>
    Svg = 30000,
}
