using System.Buffers;
using System.IO.Pipelines;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>Connected tunnels over memory.</summary>
internal static class TunnelPair
{
    public static async Task<(SecureTunnelConnection Device, SecureTunnelConnection Gateway)> Connect(
        SecureTunnelClientOptions client, SecureTunnelServerOptions server, PipePair? pair = null)
    {
        pair ??= new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, server).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, client);
        return (device, await accepting);
    }

    public static async Task<byte[]> ReadExactly(PipeReader reader, int length)
    {
        ReadResult result = await reader.ReadAtLeastAsync(length);
        byte[] bytes = result.Buffer.Slice(0, Math.Min(length, result.Buffer.Length)).ToArray();
        reader.AdvanceTo(result.Buffer.GetPosition(bytes.Length));
        return bytes;
    }
}
