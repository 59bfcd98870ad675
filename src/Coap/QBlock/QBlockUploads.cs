using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>What is to be done with a request that has a Q-Block1 option.</summary>
internal enum QBlockUploadKind : byte
{
    /// <summary>Answer with <see cref="QBlockUploadStep.Code"/>.</summary>
    Refused,

    /// <summary>Say nothing for now.</summary>
    Nothing,

    /// <summary>2.31: everything up to <see cref="QBlockUploadStep.Block"/> is there.</summary>
    Continue,

    /// <summary>4.08 with what is missing.</summary>
    Missing,

    /// <summary>The body is whole: hand it on.</summary>
    Complete,

    /// <summary>It was whole before: answer once more as it was answered.</summary>
    Again,
}

/// <summary>What is to be done with a request that has a Q-Block1 option.</summary>
internal readonly record struct QBlockUploadStep(QBlockUploadKind Kind, QBlockUpload? Upload, CoapCode Code, CoapBlock Block, int MissingCount);

/// <summary>A body that arrives in bursts, and for a while after it has arrived: who repeats a block must hear the answer again (RFC 9177 section 4.3).</summary>
internal sealed class QBlockUpload(CoapPeerHandle peer, ulong key, bool isIdempotent, QBlockReceiver receiver)
{
    public bool IsIdempotent { get; } = isIdempotent;

    public CoapPeerHandle Peer { get; } = peer;

    public ulong Key { get; } = key;

    public QBlockReceiver Receiver { get; } = receiver;

    /// <summary>The If-Match and If-None-Match options of the body: of whichever of its blocks came first that has some. Null for none.</summary>
    public CoapOptionList? Preconditions { get; set; }

    /// <summary>The same, hashed; 0 for none.</summary>
    public ulong PreconditionsKey { get; set; }

    /// <summary>What has arrived; given away when it is whole.</summary>
    public QBlockBody? Body { get; set; } = new();

    /// <summary>The token of the request that came last: what is asked for without a request carries it.</summary>
    public byte[] Token { get; set; } = [];

    /// <summary>Whether its bytes count against the limit: until it is whole.</summary>
    public bool IsReserved { get; set; } = true;

    /// <summary>The answer to the whole body; null while the handler is at work.</summary>
    public CoapResponse? Answer { get; set; }
}

/// <summary>
/// A server's bodies that arrive in bursts, without I/O (RFC 9177 section 4.3): by peer and by what the request says, its Request-Tag among it. Bounded in number and in bytes; a body counts with
/// its Size1 before a byte of it is stored.
/// </summary>
internal sealed class QBlockUploads
{
    private readonly CoapQBlockOptions _options;
    private readonly CoapBlockSizes _sizes;
    private readonly CoapMessageLayer? _layer;
    private readonly EntropySource _entropy;
    private readonly List<QBlockUpload> _uploads = [];
    private readonly int[] _missing;
    private long _bytes;

    public QBlockUploads(CoapQBlockOptions options, CoapBlockSizes sizes, CoapMessageLayer? layer, ReadOnlySpan<byte> entropy)
    {
        _options = options;
        _sizes = sizes;
        _layer = layer;
        _entropy = new EntropySource(entropy);
        _missing = new int[options.MaxPayloads];
    }

    public int Count => _uploads.Count;

    /// <summary>The bytes that are reserved for bodies.</summary>
    public long Bytes => _bytes;

    /// <summary>What a step or <see cref="TryTakeAsk"/> told to be missing.</summary>
    public ReadOnlySpan<int> Missing(int count) => _missing.AsSpan(0, count);

    /// <summary>When <see cref="OnDeadline"/> is to be called; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            TimeSpan? next = null;
            foreach (QBlockUpload upload in _uploads)
            {
                next = next is null || upload.Receiver.NextDeadline < next ? upload.Receiver.NextDeadline ?? next : next;
            }

            return next;
        }
    }

    /// <summary>Takes a request that has a Q-Block1 option, and stores its payload.</summary>
    public QBlockUploadStep OnRequest(CoapPeerHandle peer, CoapCode code, CoapOptions options, ReadOnlySpan<byte> token, ReadOnlySpan<byte> payload, TimeSpan now)
    {
        if (CoapBlock.TryFind(options, CoapOptionNumber.QBlock1, bert: false, out CoapBlock block) != CoapBlockStatus.Present
            || !options.TryFind(CoapOptionNumber.RequestTag, out _)
            || !options.TryFind(CoapOptionNumber.Size1, out CoapOption size) || !size.TryGetUInt32(out uint length) || length == 0)
        {
            // Section 4.3: 4.00 "if the request does not include a Request-Tag Option or a Size1 Option but does include a Q-Block1 option".
            return Refuse(CoapCode.BadRequest);
        }

        if (length > _sizes.MaxBody || !QBlocks.CanNumber(length, block.SizeExponent))
        {
            return Refuse(CoapCode.RequestEntityTooLarge);
        }

        ulong key = TransferKeys.OfUpload(_entropy, code, options);
        QBlockUpload? upload = _uploads.Find(one => one.Key == key && one.Peer == peer);
        if (upload is null)
        {
            if (!TryMakeRoom(peer, length))
            {
                return Refuse(CoapCode.ServiceUnavailable);
            }

            upload = Add(peer, key, code.IsIdempotent(), new QBlockReceiver(_options, length, block.SizeExponent, asksForSets: false, now));
        }

        ulong preconditions = TransferKeys.OfPreconditions(_entropy, options);
        if (!MayHave(upload, preconditions))
        {
            return Refuse(CoapCode.BadRequest);
        }

        QBlockUploadStep step = OnBlock(upload, block, length, token, payload, now);
        if (preconditions != 0 && step.Kind != QBlockUploadKind.Refused)
        {
            upload.PreconditionsKey = preconditions;
            upload.Preconditions ??= CoapRequest.PreconditionsIn(options);
        }

        return step;
    }

    /// <summary>Asks for what has not come in time, and forgets what is over.</summary>
    public void OnDeadline(TimeSpan now)
    {
        for (int i = _uploads.Count - 1; i >= 0; i--)
        {
            _uploads[i].Receiver.OnDeadline(now);
            if (_uploads[i].Receiver.State == QBlockReceiverState.Ended)
            {
                Remove(i);
            }
        }
    }

    /// <summary>Gives the next body of which something has to be asked for; <see cref="Missing"/> has the numbers.</summary>
    public bool TryTakeAsk(out QBlockUpload upload, out int count)
    {
        foreach (QBlockUpload one in _uploads)
        {
            if (one.Receiver.State == QBlockReceiverState.Receiving && one.Receiver.TryTakeAsk(out _, _missing, out count) && count != 0)
            {
                upload = one;
                return true;
            }
        }

        upload = null!;
        count = 0;
        return false;
    }

    /// <summary>Forgets a peer that has gone.</summary>
    public void RemovePeer(CoapPeerHandle peer)
    {
        for (int i = _uploads.Count - 1; i >= 0; i--)
        {
            if (_uploads[i].Peer == peer)
            {
                Remove(i);
            }
        }
    }

    /// <summary>Forgets a body, for example because the peer has no context for what was asked of it (section 4.3).</summary>
    public void Remove(QBlockUpload upload)
    {
        int index = _uploads.IndexOf(upload);
        if (index >= 0)
        {
            Remove(index);
        }
    }

    private QBlockUploadStep OnBlock(QBlockUpload upload, CoapBlock block, uint length, ReadOnlySpan<byte> token, ReadOnlySpan<byte> payload, TimeSpan now)
    {
        QBlockReceipt receipt = length == upload.Receiver.Length ? upload.Receiver.OnBlock(block, payload.Length, now) : QBlockReceipt.Fault;
        if (receipt == QBlockReceipt.Fault)
        {
            return Refuse(CoapCode.BadRequest);
        }

        upload.Token = token.ToArray();
        if (receipt == QBlockReceipt.Repeated && upload.Receiver.State == QBlockReceiverState.Complete)
        {
            return new QBlockUploadStep(upload.Answer is null ? QBlockUploadKind.Nothing : QBlockUploadKind.Again, upload, default, block, 0);
        }

        if (receipt != QBlockReceipt.Repeated)
        {
            upload.Body!.Write(block.Offset, payload);
        }

        if (receipt == QBlockReceipt.Complete)
        {
            _bytes -= upload.Receiver.Length;
            upload.IsReserved = false;
            return new QBlockUploadStep(QBlockUploadKind.Complete, upload, default, block, 0);
        }

        if (!upload.Receiver.TryTakeAsk(out int next, _missing, out int count))
        {
            return new QBlockUploadStep(QBlockUploadKind.Nothing, upload, default, block, 0);
        }

        return count == 0
            ? new QBlockUploadStep(QBlockUploadKind.Continue, upload, CoapCode.Continue, new CoapBlock(next - 1, true, block.SizeExponent), 0)
            : new QBlockUploadStep(QBlockUploadKind.Missing, upload, CoapCode.RequestEntityIncomplete, block, count);
    }

    /// <summary>[C-134] The blocks may come in any order, so any of them may be the one that has the preconditions; never do two of them have different ones, nor a block some that comes when the body is whole.</summary>
    private static bool MayHave(QBlockUpload upload, ulong preconditions) =>
        preconditions == 0 || preconditions == upload.PreconditionsKey
        || (upload.PreconditionsKey == 0 && upload.Receiver.State == QBlockReceiverState.Receiving);

    /// <summary>[C-152] Limits before anything is stored.</summary>
    private bool TryMakeRoom(CoapPeerHandle peer, long length)
    {
        int arriving = 0;
        int ofPeer = 0;
        foreach (QBlockUpload upload in _uploads)
        {
            bool isArriving = upload.Receiver.State == QBlockReceiverState.Receiving;
            arriving += isArriving ? 1 : 0;
            ofPeer += isArriving && upload.Peer == peer ? 1 : 0;
        }

        return ofPeer < _options.MaxBodiesPerPeer && arriving < _options.MaxBodies && _bytes + length <= _options.MaxBytes
            && (_uploads.Count - arriving < _options.MaxAnswered || TryForgetAnswer());
    }

    /// <summary>Forgets the oldest answer to a request that may be acted on again.</summary>
    private bool TryForgetAnswer()
    {
        int index = _uploads.FindIndex(one => one.IsIdempotent && one.Receiver.State == QBlockReceiverState.Complete && one.Answer is not null);
        if (index >= 0)
        {
            Remove(index);
        }

        return index >= 0;
    }

    private QBlockUpload Add(CoapPeerHandle peer, ulong key, bool isIdempotent, QBlockReceiver receiver)
    {
        var upload = new QBlockUpload(peer, key, isIdempotent, receiver);
        _uploads.Add(upload);
        _bytes += receiver.Length;
        _layer?.Hold(peer);
        return upload;
    }

    private void Remove(int index)
    {
        QBlockUpload upload = _uploads[index];
        _uploads.RemoveAt(index);
        _bytes -= upload.IsReserved ? upload.Receiver.Length : 0;
        _layer?.Release(upload.Peer);
    }

    private static QBlockUploadStep Refuse(CoapCode code) => new(QBlockUploadKind.Refused, null, code, default, 0);
}
