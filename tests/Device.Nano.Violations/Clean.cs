using System;
using System.Threading;

namespace Flint.Device.Nano.Violations;

/// <summary>What the device does run: the check must stay silent here.</summary>
public class Clean
{
    private static readonly byte[] Table = [1, 2, 3, 4, 5];
    private readonly CoapReader _reader = new CoapReader();
    private readonly object _gate = new object();
    private readonly AutoResetEvent _ready = new AutoResetEvent(false);

    public delegate int Callback(byte[] buffer, int offset, int count);

    public ulong Sum { get; private set; }

    public int Run(Callback callback, ref int seen, out bool found)
    {
        int[][] jagged = [[1], [2, 3]];
        lock (_gate)
        {
            foreach (int[] row in jagged)
            {
                Sum += (ulong)row.Length + (ulong)_reader.OptionLength;
            }
        }

        try
        {
            Callback local = (buffer, offset, count) => callback(buffer, offset, count) + jagged.Length;
            seen = local(Table, 0, Table.Length);
        }
        catch (InvalidOperationException e) when (e.Message.Length > 0)
        {
            seen = -1;
        }

        found = seen switch { > 0 => true, _ => false };
        _ready.Set();
        return found ? seen : throw new ArgumentOutOfRangeException(nameof(callback));
    }
}
