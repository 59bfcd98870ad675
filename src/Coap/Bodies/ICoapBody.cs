using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A body that is read in parts, when a block of it goes, and never held whole (RFC 7959): a file, a stream, anything that can be asked for bytes at an offset. It stands in
/// the place of a payload (<see cref="CoapMessage.Body"/>). <see cref="CoapBody"/> makes one of a stream or a pipe.
/// </summary>
public interface ICoapBody : IAsyncDisposable
{
    /// <summary>The length in bytes; null where only its end will tell.</summary>
    long? Length { get; }

    /// <summary>Reads bytes of the body. Calls may come for any offset, and from several threads at once where several peers fetch the same body.</summary>
    /// <param name="offset">Where they begin, in bytes from the start of the body.</param>
    /// <param name="buffer">Where they go.</param>
    /// <param name="cancellationToken">The transfer has ended.</param>
    /// <returns>How many there are: as many as the buffer takes, or fewer where the body ends. 0 beyond its end.</returns>
    /// <exception cref="IOException">These bytes cannot be read, or not once more. The transfer fails.</exception>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}
