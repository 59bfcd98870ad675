using System;
using System.IO;

namespace Flint.Device.Nano;

/// <summary>In the place of <see cref="System.IO.FileStream"/>: what of it the device's classes use.</summary>
internal sealed class FileStream : IDisposable
{
    private readonly FileSystem _files;
    private readonly string _path;
    private byte[] _committed = [];
    private int _position;
    private bool _isOpen;

    public FileStream(string path, FileMode mode, FileAccess access)
    {
        _files = FileSystem.Of(path);
        _path = path;
        _files.Call(() =>
        {
            if (mode == FileMode.Open && !_files.Exists(path))
            {
                throw new FileNotFoundException(path);
            }

            _committed = _files.Exists(path) ? _files.Content(path) : [];
            if (access != FileAccess.Read && (mode == FileMode.Create || !_files.Exists(path)))
            {
                _files.Put(path, []);
            }
        });
        _isOpen = true;
        _files.Open(this);
    }

    public long Length
    {
        get
        {
            int length = 0;
            _files.Call(() => length = _files.Content(_path).Length);
            return length;
        }
    }

    public long Seek(long offset, SeekOrigin origin)
    {
        _files.Call(() => _position = (int)offset + (origin == SeekOrigin.End ? _files.Content(_path).Length : 0));
        return _position;
    }

    public int Read(byte[] buffer, int offset, int count)
    {
        int read = 0;
        _files.Call(() =>
        {
            byte[] content = _files.Content(_path);
            read = Math.Clamp(content.Length - _position, 0, count);
            Array.Copy(content, _position, buffer, offset, read);
        });
        _position += read;
        return read;
    }

    public void Write(byte[] buffer, int offset, int count)
    {
        byte[] before = _files.Content(_path);
        byte[] With(int part, int length)
        {
            byte[] content = new byte[Math.Max(before.Length, _position + length)];
            before.CopyTo(content, 0);
            Array.Copy(buffer, offset, content, _position, part);
            return content;
        }

        _files.Call(
            () => _files.Put(_path, With(count, count)),
            count,
            (part, whole) => _files.Put(_path, With(part, whole ? count : part)));
        _position += count;
    }

    public void Flush() => _files.Call(Commit);

    /// <summary>As on the device it can fail, and the file is closed all the same.</summary>
    public void Dispose()
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        _files.Close(this);
        _files.Call(Commit);
    }

    /// <summary>The power went: what was not committed is not there.</summary>
    internal void Lose() => _files.Put(_path, _committed);

    private void Commit() => _committed = _files.Content(_path);
}
