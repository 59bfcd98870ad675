namespace Flint.Coap;

/// <summary>The "CoAP Content-Formats" registry (RFC 7252 section 12.3), the entries that devices use. Values without a name here are valid.</summary>
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

    /// <summary>application/coap-group+json.</summary>
    CoapGroupJson = 256,

    /// <summary>application/concise-problem-details+cbor (RFC 9290).</summary>
    ConciseProblemDetails = 257,

    /// <summary>application/missing-blocks+cbor-seq (RFC 9177).</summary>
    MissingBlocks = 272,

    /// <summary>application/senml+xml.</summary>
    SenmlXml = 310,

    /// <summary>application/sensml+xml.</summary>
    SensmlXml = 311,

    /// <summary>application/senml-etch+json.</summary>
    SenmlEtchJson = 320,

    /// <summary>application/senml-etch+cbor.</summary>
    SenmlEtchCbor = 322,

    /// <summary>application/td+json.</summary>
    ThingDescriptionJson = 432,
}
