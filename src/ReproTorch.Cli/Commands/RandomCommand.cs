using System.Collections.Specialized;
using System.CommandLine;
using ReproTorch.Cli.Output;
using ReproTorch.Randomness;

namespace ReproTorch.Cli.Commands;

/// <summary><c>reprotorch random</c>: draws with the methods of Python, NumPy and PyTorch.</summary>
internal static class RandomCommand
{
    public static Command Create()
    {
        var source = new Option<RandomSource>("--source")
        {
            Description = "Whose numbers: Python, NumPy, NumPyGenerator or Torch.",
            HelpName = "name",
            Required = true,
        };
        source.AcceptOnlyFromAmong("Python", "NumPy", "NumPyGenerator", "Torch");
        var method = new Option<string>("--method") { Description = "The method, by its name in that library.", HelpName = "name", Required = true };
        var arguments = new Option<string[]>("--args")
        {
            Description = "The method's arguments, written as in Python: 3 0.5 \"[1, 2]\" \"range(10)\" None, or by name: replace=False.",
            HelpName = "a b",
            AllowMultipleArgumentsPerToken = true,
        };
        var count = NumberOption.Of<long>("--count", "How many to draw.");
        var shape = NumberOption.Several<long>("--shape", "The shape to draw.", "2 3");
        var seed = new Option<string>("--seed") { Description = "The seed, as the source takes it: an integer; for Python also a string in quotes.", HelpName = "n", Required = true };
        var bitGenerator = new Option<string?>("--bit-generator") { Description = "NumPyGenerator: PCG64, PCG64DXSM, Philox, SFC64 or MT19937.", HelpName = "name" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("random", "Draws random numbers with the methods of Python, NumPy and PyTorch, bit for bit.")
        {
            source, method, arguments, count, shape, seed, bitGenerator, json,
        };
        command.SetAction(result => Guard.Run(() =>
        {
            if (result.GetResult(count) is not null && result.GetResult(shape) is not null)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument, "Both --count and --shape were given. Give one: --count n is --shape n.");
            }

            if (result.GetValue(bitGenerator) is not null && result.GetValue(source) != RandomSource.NumPyGenerator)
            {
                throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, "--bit-generator is for the source NumPyGenerator.");
            }

            (List<object?> positional, OrderedDictionary named) = Bind(result.GetValue(arguments) ?? [], result.GetValue(source), result.GetValue(method)!);
            object? given = PythonLiteral.Parse(result.GetValue(seed)!);
            RandomStream stream = StreamFactory.Create(result.GetValue(source), given, result.GetValue(bitGenerator));
            long[]? wanted = result.GetValue(count) is { } n ? [n] : result.GetResult(shape) is null ? null : result.GetValue(shape);
            RandomValues values = stream.Draw(result.GetValue(method)!, positional, named, wanted);
            if (result.GetValue(json))
            {
                Terminal.Line(RandomDocument.ToJson(stream, result.GetValue(method)!, given, values));
            }
            else
            {
                foreach (object? row in values.Rows())
                {
                    Terminal.Line(RandomDocument.Text(row));
                }
            }

            return ExitCode.Same;
        }));
        return command;
    }

    // name=value is an argument by name where the method has such a parameter.
    private static (List<object?> Positional, OrderedDictionary Named) Bind(string[] words, RandomSource source, string method)
    {
        var positional = new List<object?>();
        var named = new OrderedDictionary();
        IReadOnlyList<string> parameters = StreamFactory.ParametersOf(source, method) ?? [];
        foreach (string word in words)
        {
            int sign = word.IndexOf('=', StringComparison.Ordinal);
            if (sign > 0 && parameters.Contains(word[..sign]))
            {
                named[word[..sign]] = PythonLiteral.Parse(word[(sign + 1)..]);
            }
            else
            {
                positional.Add(PythonLiteral.Parse(word));
            }
        }

        return (positional, named);
    }
}
