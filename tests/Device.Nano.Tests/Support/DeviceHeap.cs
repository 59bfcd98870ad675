using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>
/// The bytes that an object and all that it holds would take on the device's heap: 12 for a header, 12 a field or element of a reference array,
/// n + 20 for an array of n bytes. The classes of the tests are not counted, nor what they hold.
/// </summary>
internal static class DeviceHeap
{
    public static int Measure(object root) => Walk(root, Size);

    /// <summary>The blocks of SHA-256 that it has hashed so far.</summary>
    public static int HashBlocks(object root) => Walk(root, (one, waiting) =>
    {
        Size(one, waiting);
        return one is Sha256 hash ? hash.Blocks : 0;
    });

    private static int Walk(object root, Func<object, Stack<object>, int> count)
    {
        var seen = new HashSet<object>(new ByReference());
        var waiting = new Stack<object>([root]);
        int total = 0;
        while (waiting.TryPop(out object? one))
        {
            if (IsOurs(one.GetType()) && seen.Add(one))
            {
                total += count(one, waiting);
            }
        }

        return total;
    }

    private static int Size(object one, Stack<object> waiting)
    {
        switch (one)
        {
            case string text:
                return 20 + System.Text.Encoding.UTF8.GetByteCount(text);
            case Array array when array.GetType().GetElementType()!.IsPrimitive:
                return 20 + Buffer.ByteLength(array);
            case IEnumerable items and (Array or ArrayList):
                int count = 0;
                foreach (object? item in items)
                {
                    count++;
                    Push(item, waiting);
                }

                return 20 + (12 * count);
            default:
                int fields = 0;
                for (Type? type = one.GetType(); type is not null && type != typeof(object); type = type.BaseType)
                {
                    foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                    {
                        fields++;
                        Push(field.FieldType.IsPrimitive || field.FieldType.IsEnum ? null : field.GetValue(one), waiting);
                    }
                }

                return 12 + (12 * fields);
        }
    }

    private static void Push(object? value, Stack<object> waiting)
    {
        if (value is not null)
        {
            waiting.Push(value);
        }
    }

    private static bool IsOurs(Type type)
    {
        Type element = type.IsArray ? type.GetElementType()! : type;
        return element.IsPrimitive || element == typeof(string) || element == typeof(ArrayList) || element.IsArray
            || (element.Assembly == typeof(DeviceAgent).Assembly && !typeof(Delegate).IsAssignableFrom(element));
    }

    private sealed class ByReference : IEqualityComparer<object>
    {
        public new bool Equals(object? x, object? y) => ReferenceEquals(x, y);

        public int GetHashCode(object one) => RuntimeHelpers.GetHashCode(one);
    }
}
