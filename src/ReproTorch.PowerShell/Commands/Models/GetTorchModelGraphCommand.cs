using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Reporting.Graphs;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Reads the code and the graph of a model's method, and draws it.</summary>
[Cmdlet(VerbsCommon.Get, "TorchModelGraph", SupportsShouldProcess = true)]
[OutputType(typeof(ModelGraph))]
public sealed class GetTorchModelGraphCommand : ReproTorchCmdlet
{
    /// <summary>The model.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("InputObject")]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>The method.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ModelMethodCompleter))]
    public string Method { get; set; } = "forward";

    /// <summary>Puts what submodules and functions do in place of the calls.</summary>
    [Parameter]
    public SwitchParameter Inlined { get; set; }

    /// <summary>A file for the picture: .svg, .dot or .gv.</summary>
    [Parameter(Position = 1)]
    public string? Path { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        ModelGraph graph = ModelGraph.Of(Model!, Method, Inlined);
        if (Path is not null)
        {
            string file = ToFilePath(Path);
            if (ShouldProcess(file, $"Draw {graph}"))
            {
                graph.Save(file, Force);
                WriteVerbose($"Wrote {file}.");
            }
        }

        WriteObject(graph);
    }
}
