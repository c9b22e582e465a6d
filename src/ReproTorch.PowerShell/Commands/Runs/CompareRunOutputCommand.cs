using System.Management.Automation;
using ReproTorch.Comparison;
using ReproTorch.PowerShell.Binding;
using ReproTorch.Runs;

namespace ReproTorch.PowerShell.Commands.Runs;

/// <summary>Compares runs: bit for bit, or within tolerances.</summary>
[Cmdlet(VerbsData.Compare, "RunOutput", DefaultParameterSetName = IdenticalSet)]
[OutputType(typeof(RunComparison), typeof(bool))]
public sealed class CompareRunOutputCommand : RunComparisonCmdlet
{
    private readonly List<object> _differences = [];
    private readonly List<(object? Item, Exception Failure)> _unreadable = [];
    private ComparisonOptions _options = ComparisonOptions.Default;
    private bool _fromPipeline;

    /// <summary>What was expected: run outputs, tensors, or paths of run files, folders and tensor files.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [AllowEmptyCollection]
    public object[] ReferenceObject { get; set; } = [];

    /// <summary>What came: the same. From the pipeline, each is compared with a single reference, or all with the references in
    /// order.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [AllowEmptyCollection]
    public object[] DifferenceObject { get; set; } = [];

    /// <summary>Writes true or false for each pair, and nothing else.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void Begin()
    {
        _options = Options();

        // What a parameter gives is there before the first input, what the pipeline gives is not.
        _fromPipeline = !MyInvocation.BoundParameters.ContainsKey(nameof(DifferenceObject));
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        foreach (object item in DifferenceObject)
        {
            Attempt(item, () =>
            {
                try
                {
                    // Of folders only the names are taken here: their files are opened one after the other.
                    if (Folder(item) is { } folder)
                    {
                        _differences.Add(folder);
                    }
                    else
                    {
                        _differences.AddRange(Runs(item));
                    }
                }
                catch (Exception e)
                {
                    _unreadable.Add((Unwrap.Value(item), e));
                    throw;
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        if (_unreadable.Count > 0 && _differences.Count == 0)
        {
            return;
        }

        if (ReferenceObject is [var only] && Folder(only) is { } reference && _differences.Count > 0 && _differences.TrueForAll(item => item is string))
        {
            foreach (string difference in _differences.Cast<string>())
            {
                foreach (RunComparison comparison in CompareFolders(reference, difference, _options))
                {
                    WriteResult(comparison);
                }
            }

            return;
        }

        (IReadOnlyList<RunOutput> references, IReadOnlyList<RunOutput> differences) = Sides(ReferenceObject, _differences);
        if (_fromPipeline && references.Count == 1 && differences.Count + _unreadable.Count > 1)
        {
            foreach (RunOutput difference in differences)
            {
                WriteResult(Compare(references[0], difference, _options));
            }

            // Besides the error, so that nobody takes the others for all.
            foreach ((object? item, Exception failure) in _unreadable.Where(one => one.Item is string or FileSystemInfo))
            {
                WriteResult(RunComparer.Unreadable(item!.ToString()!, failure, _options));
            }

            return;
        }

        foreach (RunComparison comparison in Compare(references, differences, _options))
        {
            WriteResult(comparison);
        }
    }

    private void WriteResult(RunComparison comparison) => WriteObject(Quiet ? comparison.Match : comparison);
}
