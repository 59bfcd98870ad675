using System;
using System.Runtime.CompilerServices;

namespace Flint.Device.Nano.Violations;

public class GenericType<T>
{
    public override string ToString() => nameof(GenericType<>);
}

public class GenericMethod
{
    public static void Method<T>()
    {
    }
}

public class GenericInstantiation
{
    public Func<int>? Callback;

    public int? Optional { get; set; }
}

public class OverflowOpcode
{
    public static int Add(int a, int b) => checked(a + b);

    public static byte Narrow(int a) => checked((byte)a);
}

public class MultiDimensionalArray
{
    public int[,] Table = new int[2, 2];
}

public interface DefaultInterfaceMethod
{
    int Value() => 1;
}

public interface StaticInterfaceMember
{
    static abstract int Value();
}

public class Tuple
{
    public static (int First, int Second) Pair() => (1, 2);
}

public class StackAllocation
{
    public static unsafe int Allocate()
    {
        int* values = stackalloc int[4];
        return values[0];
    }
}

public class Pointer
{
    public static unsafe int Read(int* value) => *value;
}

public class PinnedLocal
{
    public static unsafe int Read(byte[] buffer)
    {
        fixed (byte* start = buffer)
        {
            return *start;
        }
    }
}

public class VolatileAccess
{
    private volatile bool _stop;

    public bool Stopped => _stop;

    public void Stop() => _stop = true;
}

public class UnsupportedOpcode
{
    public static int Count(__arglist) => new ArgIterator(__arglist).GetRemainingCount();
}

public class MethodImplOption
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Value() => 1;
}

public class NulInString
{
    public static string Text() => "before\0behind";
}

public class AbsentType
{
    public static void Collect(byte[] buffer) => Buffer.BlockCopy(buffer, 0, buffer, 0, 1);

    public static decimal Price() => 1m;

    public static void Throw() => throw new OverflowException();
}

public class AbsentMember
{
    public static string Replace(string text) => text.Replace("a", "b");

    public static void Reverse(Array array) => Array.Reverse(array);

    public static Array Empty() => Array.Empty<int>();

    // The preview generation has it, the stable one has not.
    public static string TrimEnd(string text) => text.TrimEnd();
}
