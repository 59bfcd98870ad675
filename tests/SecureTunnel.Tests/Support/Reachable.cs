using System.Reflection;
using System.Security.Cryptography;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>Finds what an object of the library holds on to, through its private fields; options and stores are the caller's and not followed.</summary>
internal static class Reachable
{
    /// <summary>Every secret that <paramref name="root"/> reaches.</summary>
    public static HashSet<Secret> Secrets(object root) => Find<Secret>(root);

    /// <summary>Every running hash that <paramref name="root"/> reaches.</summary>
    public static HashSet<IncrementalHash> Hashes(object root) => Find<IncrementalHash>(root);

    public static bool IsErased(Secret secret)
    {
        try
        {
            return secret.Span.IsEmpty;
        }
        catch (ObjectDisposedException)
        {
            byte[] bytes = (byte[])typeof(Secret).GetField("_bytes", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(secret)!;
            return bytes.AsSpan().IndexOfAnyExcept((byte)0) < 0;
        }
    }

    private static HashSet<T> Find<T>(object root)
        where T : class
    {
        var found = new HashSet<T>(ReferenceEqualityComparer.Instance as IEqualityComparer<T>);
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<object>([root]);
        while (waiting.TryPop(out object? one))
        {
            if (!seen.Add(one))
            {
                continue;
            }

            if (one is T wanted)
            {
                found.Add(wanted);
            }

            for (Type? type = one.GetType(); IsOurs(type); type = type!.BaseType)
            {
                foreach (FieldInfo field in type!.GetFields(BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Instance))
                {
                    if (field.GetValue(one) is object held)
                    {
                        waiting.Push(held);
                    }
                }
            }
        }

        return found;
    }

    private static bool IsOurs(Type? type) =>
        type is not null && type.Assembly == typeof(Secret).Assembly && !type.Name.EndsWith("Options", StringComparison.Ordinal) && type != typeof(SecureTunnelPin);
}
