using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Flint.Device.Nano;

/// <summary>A file system in memory, each call of which is counted, and one of which has a fault.</summary>
public sealed class FileSystem : IDisposable
{
    private static readonly ConcurrentDictionary<string, FileSystem> Mounted = new();
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly HashSet<FileStream> _open = [];
    private readonly List<int> _writes = [];
    private int _failing = int.MaxValue;
    private FileFault _fault;
    private int _part;
    private int _room = int.MaxValue;
    private bool _isDown;

    /// <summary>An empty one.</summary>
    public FileSystem() => Mounted[Folder] = this;

    /// <summary>What every path in it starts with.</summary>
    public string Folder { get; } = Guid.NewGuid() + "/";

    /// <summary>The calls so far.</summary>
    public int Calls { get; private set; }

    /// <summary>The bytes that each call so far was to write; 0 for one that writes none.</summary>
    public IReadOnlyList<int> Writes => _writes;

    /// <summary>Each file by its name.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => _files.ToDictionary(file => file.Key[Folder.Length..], file => file.Value);

    /// <summary>Another one with the same files and no fault.</summary>
    public FileSystem Copy()
    {
        var copy = new FileSystem();
        foreach ((string path, byte[] content) in _files)
        {
            copy._files[copy.Folder + path[Folder.Length..]] = content;
        }

        return copy;
    }

    /// <summary>Gives the call with this number, from 0, a fault; of a torn write, how many bytes arrive.</summary>
    public void FailAt(int call, FileFault fault, int part = 0)
    {
        _failing = call;
        _fault = fault;
        _part = part;
    }

    /// <summary>A reset: calls work again. A file system that is full stays so.</summary>
    public void Mend()
    {
        _isDown = false;
        _open.Clear();
    }

    /// <summary>There is room again.</summary>
    public void MakeRoom() => _room = int.MaxValue;

    public void Dispose() => Mounted.TryRemove(Folder, out _);

    internal static FileSystem Of(string path) => Mounted[path[..(path.IndexOf('/', StringComparison.Ordinal) + 1)]];

    internal bool Exists(string path) => _files.ContainsKey(path);

    internal byte[] Content(string path) => _files[path];

    internal void Delete(string path) => _files.Remove(path);

    internal void Open(FileStream file) => _open.Add(file);

    internal void Close(FileStream file) => _open.Remove(file);

    /// <summary>Gives a file new content, or a part of it where there is no room for all.</summary>
    internal void Put(string path, byte[] content)
    {
        int others = _files.Where(file => file.Key != path).Sum(file => file.Value.Length);
        int before = _files.TryGetValue(path, out byte[]? old) ? old.Length : 0;
        _files[path] = content[..Math.Clamp(_room - others, Math.Min(before, content.Length), content.Length)];
        if (_files[path].Length < content.Length)
        {
            throw new IOException("full");
        }
    }

    /// <summary>One call: what it does, and for one that writes how many bytes, and how it does a part of them.</summary>
    internal void Call(Action work, int bytes = 0, Action<int, bool>? tear = null)
    {
        _writes.Add(bytes);
        if (_isDown)
        {
            throw new IOException("down");
        }

        if (Calls++ != _failing)
        {
            work();
            return;
        }

        switch (_fault)
        {
            case FileFault.Full:
                _room = _files.Sum(file => file.Value.Length);
                work();
                return;
            case FileFault.Late:
                work();
                break;
            case FileFault.Torn or FileFault.TornAfterLength:
                tear!(_part, _fault == FileFault.TornAfterLength);
                break;
            case FileFault.Uncommitted:
                foreach (FileStream file in _open)
                {
                    file.Lose();
                }

                break;
            default:
                break;
        }

        _isDown = _fault is not (FileFault.Once or FileFault.Late);
        throw new IOException(_fault.ToString());
    }
}
