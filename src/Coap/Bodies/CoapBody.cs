using System;
using System.IO;
using System.IO.Pipelines;

namespace Flint.Coap;

/// <summary>Makes bodies that are read in parts, of what .NET has.</summary>
public static class CoapBody
{
    /// <summary>
    /// The rest of a stream, from where it stands. One that can seek gives any part, any number of times. One that cannot is read once, forward: for a single transfer, which fails
    /// where it would have to begin anew.
    /// </summary>
    /// <param name="stream">A stream that can be read.</param>
    /// <param name="leaveOpen">Whether the stream outlives the body.</param>
    /// <exception cref="ArgumentException">The stream cannot be read.</exception>
    public static ICoapBody FromStream(Stream stream, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.CanRead ? new StreamBody(stream, leaveOpen) : throw new ArgumentException("The stream cannot be read.", nameof(stream));
    }

    /// <summary>What a pipe gives: read once, forward, for a single transfer.</summary>
    public static ICoapBody FromPipe(PipeReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new StreamBody(reader.AsStream(), leaveOpen: false);
    }
}
