using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>The source files of each type of an assembly, from the symbols beside it, named from the repository's root.</summary>
public static class TypeFiles
{
    /// <summary>Every type of the assembly at <paramref name="path"/> with its files: none where the compiler made it for itself.</summary>
    public static Dictionary<string, HashSet<string>> Read(string path)
    {
        using var image = new PEReader(File.OpenRead(path));
        using MetadataReaderProvider symbols = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(path, ".pdb")));
        MetadataReader reader = image.GetMetadataReader();
        MetadataReader pdb = symbols.GetMetadataReader();
        Dictionary<string, HashSet<string>> files = [];
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            IEnumerable<DocumentHandle> documents = reader.GetTypeDefinition(handle).GetMethods()
                .SelectMany(method => pdb.GetMethodDebugInformation(method.ToDebugInformationHandle()).GetSequencePoints(), (_, point) => point.Document)
                .Concat(WithoutCode(pdb, handle));
            HashSet<string> own = [.. documents.Select(document => FromRoot(pdb.GetString(pdb.GetDocument(document).Name)))];
            TypeDefinitionHandle outer = reader.GetTypeDefinition(handle).GetDeclaringType();

            // Of a nested type without code the symbols say nothing. The type around it stands before it.
            files.Add(DeviceSignatures.FullName(reader, handle), own.Count == 0 && !outer.IsNil ? files[DeviceSignatures.FullName(reader, outer)] : own);
        }

        return files;
    }

    /// <summary>Where the compiler notes the files of a type of which no method tells: an enumeration, an interface, a delegate.</summary>
    private static IEnumerable<DocumentHandle> WithoutCode(MetadataReader pdb, TypeDefinitionHandle type)
    {
        foreach (CustomDebugInformation information in pdb.GetCustomDebugInformation(type).Select(pdb.GetCustomDebugInformation))
        {
            if (pdb.GetGuid(information.Kind) == TypeDefinitionDocuments)
            {
                BlobReader blob = pdb.GetBlobReader(information.Value);
                while (blob.RemainingBytes > 0)
                {
                    yield return MetadataTokens.DocumentHandle(blob.ReadCompressedInteger());
                }
            }
        }
    }

    /// <summary>A build of CI writes `/_/` for the repository's root.</summary>
    private static string FromRoot(string document) =>
        (document.StartsWith("/_/", StringComparison.Ordinal) ? document[3..] : Path.GetRelativePath(VectorFile.RepositoryRoot, document)).Replace('\\', '/');

    private static readonly Guid TypeDefinitionDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");
}
