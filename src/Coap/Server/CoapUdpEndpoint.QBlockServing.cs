using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Flint.Coap;

// Bodies in bursts, as a server (RFC 9177).
internal sealed partial class CoapUdpEndpoint
{
    private readonly QBlockUploads _burstsIn;
    private readonly QBlockServings _burstsOut;
    private readonly EntropySource _burstEntropy;

    /// <summary>Takes a request that has a Q-Block option.</summary>
    /// <param name="incoming">The request.</param>
    /// <param name="received">The same, as it came.</param>
    /// <param name="now">Now.</param>
    /// <param name="forHandler">What is to be given to the handler; null where the request is dealt with.</param>
    /// <returns>False where it has none.</returns>
    private bool TryBeginBurst(IncomingRequest incoming, in CoapReceived received, TimeSpan now, out IncomingRequest? forHandler)
    {
        CoapOptions options = received.Message.Options;
        bool isUpload = options.TryFind(CoapOptionNumber.QBlock1, out _);
        forHandler = null;
        if (!isUpload && !options.TryFind(CoapOptionNumber.QBlock2, out _))
        {
            return false;
        }

        // Section 4.1: "there MUST NOT be a mix of Q-Block and Block Options in the same packet"; 4.02.
        forHandler = QBlocks.AreMixed(options)
            ? AnswerAtOnce(incoming, CoapResponse.Error(CoapCode.BadOption, "Block and Q-Block"), now)
            : isUpload ? BeginBurstIn(incoming, received, now) : BeginBurstOut(incoming, received, now);
        return true;
    }

    private IncomingRequest? BeginBurstIn(IncomingRequest incoming, in CoapReceived received, TimeSpan now)
    {
        CoapMessageReader message = received.Message;
        QBlockUploadStep step = _burstsIn.OnRequest(incoming.Peer, message.Code, message.Options, message.Token, message.Payload, now);
        switch (step.Kind)
        {
            case QBlockUploadKind.Nothing:
                _layer.RespondNothing(incoming.Exchange, now);
                Free(incoming);
                return null;
            case QBlockUploadKind.Again:
                return AnswerAtOnce(incoming, step.Upload!.Answer!, now);
            case QBlockUploadKind.Missing:
                return AnswerAtOnce(incoming, MissingResponse(step.MissingCount), now);
            case QBlockUploadKind.Complete:
                incoming.Request.Payload = step.Upload!.Body!.Bytes;
                incoming.Request.TakePreconditions(step.Upload.Preconditions);
                step.Upload.Body = null;
                incoming.Burst = step.Upload;
                return incoming;
            default:
                var response = new CoapResponse(step.Code);
                if (step.Kind == QBlockUploadKind.Continue)
                {
                    response.Options.Add(CoapOptionNumber.QBlock1, step.Block.Value);
                }
                else if (step.Code == CoapCode.ServiceUnavailable)
                {
                    response.Options.Add(CoapOptionNumber.MaxAge, RetryAfter);
                }

                return AnswerAtOnce(incoming, response, now);
        }
    }

    private IncomingRequest? BeginBurstOut(IncomingRequest incoming, in CoapReceived received, TimeSpan now)
    {
        CoapMessageReader message = received.Message;
        Span<int> numbers = stackalloc int[_options.QBlock.MaxPayloads];
        if (!QBlocks.TryReadAsked(message.Options, _options.QBlock.MaxPayloads, out CoapBlock asked, numbers, out int count))
        {
            return AnswerAtOnce(incoming, CoapResponse.Error(CoapCode.BadRequest, "Q-Block2"), now);
        }

        if (!message.Code.IsSafe())
        {
            // It says that a response may come in bursts (section 4.1). What a method that acts has answered is not kept.
            return incoming;
        }

        ulong key = TransferKeys.OfResponse(_burstEntropy, message.Code, message.Options, message.Payload);
        bool isForAll = asked.Number == 0 && count == 0;
        if (!isForAll && _burstsOut.Find(incoming.Peer, key) is QBlockServing serving && serving.Sender.Exponent == asked.SizeExponent)
        {
            _layer.RespondNothing(incoming.Exchange, now);
            if (count == 0)
            {
                // Section 10.2.4: it asks for what follows, and what follows has the token of the body.
                serving.MissingToken = serving.Token;
                serving.Sender.OnContinueOrAgain(asked.Number);
            }
            else
            {
                serving.MissingToken = message.Token.ToArray();
                serving.Sender.OnMissing(numbers[..count]);
            }

            Free(incoming);
            return null;
        }

        // Notifications go in blocks (docs/decisions/0114): who asks for bursts is answered once.
        incoming.Request.Options.Remove(CoapOptionNumber.Observe);
        incoming.QBlock2 = asked;
        incoming.BurstKey = key;
        return incoming;
    }

    /// <summary>Answers a request that takes bursts, where the body is larger than a block.</summary>
    /// <returns>False where it goes in one message.</returns>
    private bool TryRespondInBursts(IncomingRequest incoming, CoapResponse response, TimeSpan now)
    {
        if (incoming.Burst is QBlockUpload burst && response.Payload.Length <= _options.BlockSizes.MaxPayload)
        {
            burst.Answer = response;
        }

        if (incoming.QBlock2 is not CoapBlock asked || !response.Code.IsSuccess() || CoapNoResponse.IsUnwanted(incoming.Request, response.Code))
        {
            return false;
        }

        int exponent = Math.Min(asked.SizeExponent, _options.BlockSizes.SizeExponent);
        if (response.Payload.Length <= 16 << exponent || !QBlocks.CanNumber(response.Payload.Length, exponent))
        {
            return false;
        }

        if (IsTooLargeForStranger(incoming, response.Payload.Length, now))
        {
            int length = WriteEcho(0, incoming.Token, incoming.Peer, now);
            _layer.TryRespond(incoming.Exchange, _outgoing.AsSpan(0, length), now);
            return true;
        }

        Span<int> numbers = stackalloc int[_options.QBlock.MaxPayloads];
        QBlocks.TryReadAsked(incoming.Request.Options.View, _options.QBlock.MaxPayloads, out _, numbers, out int count);
        if (exponent != asked.SizeExponent)
        {
            // The numbers are those of other blocks: the body begins anew in the smaller ones.
            asked = default;
            count = 0;
        }

        int start = count == 0 ? asked.Number : int.MaxValue;
        var sender = new QBlockSender(_options.QBlock, response.Payload.Length, exponent, Chance(), repeatsLast: false, start);
        sender.OnMissing(numbers[..count]);
        if (!_burstsOut.TryAdd(new QBlockServing(incoming.Peer, incoming.BurstKey, QBlockParts.WithETag(response), incoming.Token.ToArray(), sender)))
        {
            return false;
        }

        _layer.RespondNothing(incoming.Exchange, now);
        return true;
    }

    /// <summary>Sends what is due of the bodies that go out, and asks for what is missing of those that come in.</summary>
    private void PumpBursts(TimeSpan now)
    {
        while (_burstsOut.TryTake(now, out QBlockServing serving, out CoapBlock block, out ReadOnlyMemory<byte> token))
        {
            CoapResponse part = QBlockParts.PartOf(serving.Response, block);
            if (part.TryWriteDatagram(_outgoing, CoapType.NonConfirmable, part.Code, token.Span, out int length)
                && _layer.TrySendNonConfirmable(serving.Peer, _outgoing.AsSpan(0, length), now, out ushort messageId) == CoapSendStatus.Ok)
            {
                _burstsOut.OnSent(serving, messageId);
            }

            SendDatagrams();
        }

        while (_burstsIn.TryTakeAsk(out QBlockUpload upload, out int count))
        {
            if (MissingResponse(count).TryWriteDatagram(_outgoing, CoapType.NonConfirmable, CoapCode.RequestEntityIncomplete, upload.Token, out int length))
            {
                _layer.TrySendNonConfirmable(upload.Peer, _outgoing.AsSpan(0, length), now, out _);
            }
        }

        PumpTransfers(now);
    }

    private CoapResponse MissingResponse(int count)
    {
        var payload = new byte[MaxNumberLength * count];
        int length = MissingBlocks.Write(_burstsIn.Missing(count), payload);
        return new CoapResponse(CoapCode.RequestEntityIncomplete) { ContentFormat = CoapContentFormat.MissingBlocks, Payload = payload.AsMemory(0, length) };
    }

    private static double Chance() => BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint))) / (double)uint.MaxValue;

    // Implementation.
    private const int MaxNumberLength = 5;
    private const uint RetryAfter = 10;
}
