using System.Collections;
using System.Reflection;
using System.Text;
using System.Threading.Channels;
using Flint.Testing;

namespace Flint.Coap.Tests.Limits;

/// <summary>
/// Every field of the datagram side that can hold more than one thing, found by reflection, with its bound as vectors/coap/stores.txt states it: a store that is added without one fails here.
/// That the bounds hold is shown by the tests that the list names.
/// </summary>
public sealed class StoresTests
{
    /// <summary>Who keeps something between two calls: the endpoint, the machines below it, and what they consist of.</summary>
    private static readonly Type[] Holders =
    [
        typeof(CoapUdpEndpoint), typeof(CoapMessageLayer), typeof(PeerTable), typeof(SendTable), typeof(ExchangeTable), typeof(DeduplicationStore), typeof(ResponseLog),
        typeof(DatagramQueue), typeof(DeadlineHeap), typeof(HashIndex), typeof(CoapObservers), typeof(PlaceLists), typeof(CoapUploads), typeof(QBlockUploads), typeof(QBlockUpload),
        typeof(QBlockServings), typeof(QBlockServing), typeof(QBlockSender), typeof(QBlockReceiver), typeof(QBlockBody), typeof(CoapBodies), typeof(CoapServedBodies), typeof(CoapServedBody),
        typeof(CoapObservedResources), typeof(CoapStreamedUpload), typeof(CoapPeerLimiter),
    ];

    [Fact]
    public void Stores_OfTheDatagramSide_HaveABoundEach()
    {
        var found = new StringBuilder();
        foreach (Type holder in Holders.SelectMany(WithNested).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            foreach (FieldInfo field in holder.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).OrderBy(field => field.Name, StringComparer.Ordinal))
            {
                if (IsStore(field.FieldType))
                {
                    found.Append($"{holder.FullName!["Flint.Coap.".Length..].Replace('+', '.')}.{NameOf(field)}\n");
                }
            }
        }

        string[] listed = [.. File.ReadLines(VectorFile.PathOf("coap/stores.txt")).Where(line => line.Length > 0 && line[0] != '#')];
        string names = string.Concat(listed.Select(line => line.Split('|')[0].TrimEnd() + "\n"));
        Assert.True(names == found.ToString(), $"The list is to be:\n{found}");
        Assert.All(listed, line => Assert.True(line.Split('|') is [_, { Length: > 3 }], $"{line} has no bound"));
    }

    private static IEnumerable<Type> WithNested(Type type) =>
        type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).Where(nested => !nested.Name.Contains('<') && !nested.IsEnum).SelectMany(WithNested).Prepend(type);

    private static bool IsStore(Type type) =>
        type != typeof(string) && (type.IsArray || typeof(IEnumerable).IsAssignableFrom(type) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Channel<>)));

    private static string NameOf(FieldInfo field)
    {
        string name = field.Name;
        return name.StartsWith('<') ? name[1..name.IndexOf('>')] : name;
    }
}
