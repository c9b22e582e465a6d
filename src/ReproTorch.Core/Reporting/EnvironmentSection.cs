using System.Globalization;
using ReproTorch.Determinism;
using ReproTorch.Provenance;

namespace ReproTorch.Reporting;

/// <summary>The environments side by side: what differs in sight, what is the same folded away.</summary>
internal static class EnvironmentSection
{
    /// <summary>Writes the section; all ids on it begin with the prefix.</summary>
    public static void Write(HtmlWriter html, TorchEnvironment? reference, TorchEnvironment? difference, string prefix)
    {
        using HtmlWriter.Scope section = html.Open("section", ("aria-labelledby", prefix + "environment"));
        html.Element("h2", "Environment", ("id", prefix + "environment"));
        if (reference is null && difference is null)
        {
            html.Element("p", "Neither run recorded its environment.");
            return;
        }

        if (reference is null || difference is null)
        {
            html.Element("p", $"The {(reference is null ? "reference" : "difference")} did not record its environment, so what "
                + "changed cannot be told. This is the other's.");
            SideBySide.Write(html, "Environment of one run",
                Rows(reference, difference).Where(row => row.Reference != row.Difference).Select(row => row with { Telling = false }));
            return;
        }

        ILookup<bool, SideBySideRow> rows = Rows(reference, difference).ToLookup(row => row.Differs);
        string[] differing = [.. rows[true].Select(row => row.Label)];
        if (differing.Length == 0)
        {
            html.Element("p", "Both runs had the same environment.");
        }
        else
        {
            html.Element("p", differing.Length == 1
                ? $"One thing differs: {differing[0]}."
                : $"{differing.Length} things differ: {string.Join(", ", differing)}.");
            SideBySide.Write(html, "What differs in the environments", rows[true]);
        }

        WriteSame(html, [.. rows[false].Where(row => !string.IsNullOrEmpty(row.Reference))], differing.Length > 0);
    }

    private static void WriteSame(HtmlWriter html, SideBySideRow[] rows, bool someDiffer)
    {
        if (rows.Length == 0)
        {
            return;
        }

        using HtmlWriter.Scope details = html.Open("details");
        html.Element("summary", someDiffer ? $"{rows.Length} more are the same in both" : $"All {rows.Length} entries");
        using HtmlWriter.Scope table = html.Open("table", ("class", "same-in-both"));
        html.Element("caption", "What is the same in both environments", ("class", "unseen"));
        using HtmlWriter.Scope body = html.Open("tbody");
        foreach (SideBySideRow row in rows)
        {
            using HtmlWriter.Scope tr = html.Open("tr");
            html.Element("th", row.Label, ("scope", "row"));
            using HtmlWriter.Scope td = html.Open("td");
            if (row.Reference!.Contains('\n', StringComparison.Ordinal))
            {
                html.Element("pre", row.Reference.TrimEnd());
            }
            else
            {
                html.Text(row.Reference);
            }
        }
    }

    private static List<SideBySideRow> Rows(TorchEnvironment? reference, TorchEnvironment? difference)
    {
        List<SideBySideRow> rows = [];
        Add("libtorch", e => e.TorchVersion);
        Add("CPU capability", e => e.CpuCapability);
        Add("Processor", e => e.CpuName);
        Add("Processors", e => Text(e.ProcessorCount));
        Add("Architecture", e => e.Architecture);
        Add("Operating system", e => e.OperatingSystem);
        Add("C library", e => e.CLibrary);
        Add("Runtime", e => e.Runtime);
        Add("ReproTorch", e => e.ReproTorchVersion);
        Add("CUDA", e => e.CudaVersion);
        Add("CUDA driver", e => e.CudaDriverVersion);
        Add("cuDNN", e => e.CudnnVersion);
        int devices = Math.Max(reference?.CudaDevices.Count ?? 0, difference?.CudaDevices.Count ?? 0);
        for (int i = 0; i < devices; i++)
        {
            int device = i;
            Add($"CUDA device {i}", e => device < e.CudaDevices.Count ? Describe(e.CudaDevices[device]) : null);
        }

        AddSwitch("Deterministic algorithms", s => s.Mode.ToString());
        AddSwitch("cuDNN enabled", s => OnOff(s.CudnnEnabled));
        AddSwitch("cuDNN benchmark", s => OnOff(s.CudnnBenchmark));
        AddSwitch("cuDNN deterministic", s => OnOff(s.CudnnDeterministic));
        AddSwitch("cuDNN TF32", s => OnOff(s.CudnnAllowTF32));
        AddSwitch("cuBLAS TF32", s => OnOff(s.CublasAllowTF32));
        AddSwitch("float32 matrix products", s => s.MatmulPrecision?.ToString());
        AddSwitch("Fill uninitialized memory", s => OnOff(s.FillUninitializedMemory));
        AddSwitch("oneDNN", s => OnOff(s.MkldnnEnabled));
        AddSwitch("Flush denormals", s => OnOff(s.FlushDenormal));
        AddSwitch("Threads", s => Text(s.Threads));
        AddSwitch("Inter-op threads", s => Text(s.InteropThreads));
        AddSwitch("cuBLAS workspace", s => s.CublasWorkspaceConfig);
        Add("Initial seed", e => e.TorchSeed?.ToString(CultureInfo.InvariantCulture));
        foreach (string variable in Variables(reference).Concat(Variables(difference)).Distinct().Order(StringComparer.Ordinal))
        {
            Add(variable, e => e.Variables.TryGetValue(variable, out string? value) ? value : "not set");
        }

        Add("libtorch's build", e => e.TorchBuild);
        Add("Thread pools", e => EnvironmentComparison.WithoutNumbersOfThreads(e.ParallelBuild));
        return rows;

        void Add(string label, Func<TorchEnvironment, string?> value) => rows.Add(new SideBySideRow(
            label, reference is null ? null : value(reference), difference is null ? null : value(difference)));

        void AddSwitch(string label, Func<DeterminismSettings, string?> value) => Add(label, e => value(e.Determinism));
    }

    private static IEnumerable<string> Variables(TorchEnvironment? environment) => environment?.Variables.Keys ?? [];

    private static string Describe(CudaDeviceInfo device) => string.Create(CultureInfo.InvariantCulture,
        $"{device.Name}, compute capability {device.ComputeCapability}, {device.TotalMemory / (double)(1 << 30):0.#} GiB");

    private static string? OnOff(bool? value) => value switch
    {
        null => null,
        true => "on",
        false => "off",
    };

    private static string? Text(int? value) => value?.ToString(CultureInfo.InvariantCulture);
}
