using System.Text;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Observation;

/// <summary>The lines of a trace's file, of bounded length: a file may be one line of any length.</summary>
internal sealed class TraceLines(string path, TextReader reader)
{
    // A record has some hundred characters, and one with the hashes of a large batch's rows some hundred thousand.
    private const int MaxLine = 1 << 24;

    private readonly char[] _buffer = new char[1 << 16];
    private readonly StringBuilder _line = new();
    private int _next;
    private int _end;

    /// <summary>The next line; null at the end.</summary>
    /// <exception cref="ReproTorchException">It is too long.</exception>
    public string? Read()
    {
        _line.Clear();
        while (true)
        {
            if (_next == _end)
            {
                _next = 0;
                _end = reader.Read(_buffer, 0, _buffer.Length);
                if (_end == 0)
                {
                    return _line.Length > 0 ? _line.ToString() : null;
                }
            }

            int length = Array.IndexOf(_buffer, '\n', _next, _end - _next) is var found and >= 0 ? found - _next : _end - _next;
            _line.Append(_buffer, _next, length);
            if (_line.Length > MaxLine)
            {
                throw FileFault.In(path, $"it has a line of more than {MaxLine} characters; it is no trace of operators.");
            }

            _next += length;
            if (_next < _end)
            {
                _next++;
                return _line.ToString();
            }
        }
    }
}
