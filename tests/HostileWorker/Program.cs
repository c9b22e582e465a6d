using System.Diagnostics;
using System.Globalization;
using ReproTorch.Models;
using ReproTorch.Tensors;

namespace ReproTorch.HostileWorker;

/// <summary>
/// <c>HostileWorker flip MODEL SEED FROM TO</c> loads the model with one byte changed, once for each number;
/// <c>HostileWorker mutate MODEL SEED FROM TO</c> with its code's tokens or its pickles' pieces moved about;
/// <c>HostileWorker source FILE SEED FROM TO</c> compiles the sources of the file, malformed by each number;
/// <c>HostileWorker load FOLDER 0 FROM TO</c> loads the files of a folder.
/// A line a case goes to standard output: the number, <c>loaded</c>, <c>refused KIND</c> or <c>BAD</c>, and what was done. The number
/// alone says everything: the same number does the same again.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        (string verb, string path) = (args[0], args[1]);
        int seed = int.Parse(args[2], CultureInfo.InvariantCulture);
        int from = int.Parse(args[3], CultureInfo.InvariantCulture);
        int to = int.Parse(args[4], CultureInfo.InvariantCulture);
        string scratch = Path.Combine(Path.GetTempPath(), $"hostile-{Environment.ProcessId}.pt");
        Func<Random, int, (Action Work, string What)> make = verb switch
        {
            "flip" => Flips(path, scratch),
            "mutate" => Mutations(path, scratch),
            "source" => Sources(path),
            "load" => Files(path),
            _ => throw new ArgumentException($"There is no verb '{verb}'."),
        };
        try
        {
            for (int i = from; i < to; i++)
            {
                (Action work, string what) = make(new Random(unchecked((seed * 1_000_003) + i)), i);

                // Told before, so that it is known what ended the process.
                Console.Out.Write($"{i} {what} ");
                Console.Out.Flush();
                Console.Out.WriteLine(Judge(work));
                Console.Out.Flush();
            }
        }
        finally
        {
            File.Delete(scratch);
        }

        return 0;
    }

    private static string Judge(Action work)
    {
        PeakMemory.Reset();
        var watch = Stopwatch.StartNew();
        string outcome;
        try
        {
            work();
            outcome = "loaded";
        }
        catch (ReproTorchException e) when (e.Kind is ReproTorchErrorKind.ModelFormat or ReproTorchErrorKind.Refused or ReproTorchErrorKind.ScriptSource)
        {
            outcome = e.Message.Length is > 0 and < 200_000 ? $"refused {e.Kind} {OneLine(e.Message)}" : $"BAD a message of {e.Message.Length} letters";
        }
        catch (Exception e)
        {
            outcome = $"BAD {e.GetType().Name} {(e as ReproTorchException)?.Kind} {OneLine(e.Message)}";
        }

        long mebibytes = PeakMemory.Read() >> 20;
        return mebibytes > 1000 ? $"BAD {mebibytes} MiB ({outcome})"
            : watch.Elapsed.TotalSeconds > 10 ? $"BAD {watch.Elapsed.TotalSeconds:F0} s ({outcome})"
            : outcome;
    }

    private static string OneLine(string text) => (text.Length > 600 ? text[..600] : text).ReplaceLineEndings(" | ");

    private static Func<Random, int, (Action, string)> Flips(string path, string scratch)
    {
        var archive = new FlippableArchive(path);
        return (random, _) =>
        {
            string what = archive.Flip(random, out byte[] bytes);
            File.WriteAllBytes(scratch, bytes);
            return (() => Load(scratch), what);
        };
    }

    private static Func<Random, int, (Action, string)> Mutations(string path, string scratch)
    {
        var archive = new MutatedArchive(path);
        return (random, _) =>
        {
            string what = archive.Mutate(random, out byte[] bytes);
            File.WriteAllBytes(scratch, bytes);
            return (() => Load(scratch), what);
        };
    }

    private static Func<Random, int, (Action, string)> Files(string folder)
    {
        string[] files = Directory.GetFiles(folder);
        Array.Sort(files, StringComparer.Ordinal);
        return (_, i) => (() => Load(files[i]), Path.GetFileName(files[i]));
    }

    private static void Load(string path)
    {
        using TorchModel model = ModelLoader.Load(path, new LoadOptions());
        _ = model.Methods.Count + model.ParameterCount;
        _ = model.Describe();
        foreach (ModelMethod method in model.Methods)
        {
            _ = model.Code(method.Name);
        }
    }

    private static Func<Random, int, (Action, string)> Sources(string path)
    {
        string[] sources = File.ReadAllText(path).Split("\n====\n");
        return (random, i) =>
        {
            string source = MalformedSource.Make(sources[i % sources.Length], sources, random);
            return (() => Compile(source), $"source{i % sources.Length}");
        };
    }

    private static void Compile(string source)
    {
        using TorchModel model = new ModelSource
        {
            Source = source,
            Parameters = [KeyValuePair.Create("weight", TorchTensor.FromSpan<float>([1, 2, 3], DType.float32))],
            Attributes = [KeyValuePair.Create("scale", (object?)2.0), KeyValuePair.Create("count", (object?)3L)],
        }.Compile();
        _ = model.Methods.Count;
    }
}
