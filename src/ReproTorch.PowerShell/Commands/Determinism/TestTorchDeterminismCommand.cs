using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Numerics;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;
using ReproTorch.Sweeps;

namespace ReproTorch.PowerShell.Commands.Determinism;

/// <summary>Runs a model along several dimensions and says whether it gives the same bits.</summary>
[Cmdlet(VerbsDiagnostic.Test, "TorchDeterminism")]
[OutputType(typeof(SweepResult), typeof(bool))]
public sealed class TestTorchDeterminismCommand : ReproTorchCmdlet
{
    /// <summary>The model to run.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>The input: a tensor, a list of arguments, or a dictionary of arguments by name.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    /// <summary>What to vary.</summary>
    [Parameter]
    public SweepDimension[]? Vary { get; set; }

    /// <summary>How often Repeat runs the model.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 5;

    /// <summary>Set right before every run.</summary>
    [Parameter]
    [SeedTransformation]
    public BigInteger Seed { get; set; }

    /// <summary>The method to run.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ModelMethodCompleter))]
    public string Method { get; set; } = "forward";

    /// <summary>The most threads that Thread tries.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int? MaxThread { get; set; }

    /// <summary>Sessions of New-PSSession on other machines, which run the same sweep; their results are compared with this machine's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public PSSession[] Session { get; set; } = [];

    /// <summary>Other machines to reach over SSH: a session is opened on each for as long as it is needed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] HostName { get; set; } = [];

    /// <summary>Who to be on the machines of -HostName; by default ssh decides.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? UserName { get; set; }

    /// <summary>The private key for the machines of -HostName; by default ssh decides.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? KeyFilePath { get; set; }

    /// <summary>The module's name or path on the other machines.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string RemoteModule { get; set; } = "ReproTorch";

    /// <summary>Writes only whether the bits are the same along all dimensions.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        object? value = Unwrap.Deep(InputObject);
        Attempt(value, () =>
        {
            ModelMethod method = Model!.Method(Method);
            ModelInput input = value is null && method.Arguments.Count == 0 ? new ModelInput() : ModelInput.From(value, method);
            var options = new SweepOptions
            {
                Dimensions = Vary,
                Count = Count,
                Seed = TorchSeedValue.From(Seed),
                Method = Method,
                MaxThread = MaxThread,
                Progress = (dimension, variant, share) => ShowProgress($"Testing {Model.Name}", $"{dimension}: {variant}", (int)(100 * share)),
                Cancellation = Cancellation,
            };
            SweepResult result = Session.Length + HostName.Length == 0
                ? DeterminismSweep.Run(Model, input, options)
                : RunOnMachines(input, method, options);
            ShowProgress($"Testing {Model.Name}", "done", percent: null);
            foreach (SweepOmission omission in result.Omitted)
            {
                WriteVerbose($"{omission.Name} was not tried: {omission.Reason}");
            }

            foreach (var dimension in result.Dimensions)
            {
                WriteVerbose($"{dimension.Name}: {(dimension.Identical ? "the same bits" : "other bits")} in {dimension.Variants.Count} variants.");
            }

            WriteObject(Quiet ? result.Identical : result);
        });
    }

    // The dimension Machine is for the comparison alone; each machine sweeps the others.
    private SweepResult RunOnMachines(ModelInput input, ModelMethod method, SweepOptions options)
    {
        SweepDimension[]? others = Vary?.Where(dimension => dimension != SweepDimension.Machine).ToArray();
        options = options with { Dimensions = others is { Length: 0 } ? [SweepDimension.Repeat] : others };
        byte[] model = MachineSweep.Pack(Model!);
        byte[] packed = MachineSweep.Pack(input, method);
        var reports = new List<KeyValuePair<string, MachineReport>>();
        List<PSSession> opened = [];
        try
        {
            foreach (string host in HostName)
            {
                opened.Add(Open(host));
            }

            foreach (PSSession session in (IEnumerable<PSSession>)[.. Session, .. opened])
            {
                string name = RemoteSweep.NameOf(session);
                ShowProgress($"Testing {Model!.Name}", $"on {name}", percent: 0);
                WriteVerbose($"Sending the model ({model.Length} bytes) and the input ({packed.Length} bytes) to {name}.");
                reports.Add(KeyValuePair.Create(name, RemoteSweep.Ask(InvokeCommand, session, RemoteModule, model, packed, options)));
            }
        }
        finally
        {
            opened.ForEach(session => session.Runspace.Dispose());
        }

        return MachineSweep.Compare(MachineSweep.Run(Model!, input, options), reports);
    }

    private PSSession Open(string host)
    {
        const string script = """
            param($Options)
            New-PSSession @Options -ErrorAction Stop
            """;
        var parameters = new System.Collections.Hashtable { ["HostName"] = host };
        if (UserName is not null)
        {
            parameters["UserName"] = UserName;
        }

        if (KeyFilePath is not null)
        {
            parameters["KeyFilePath"] = ToFilePath(KeyFilePath);
        }

        try
        {
            return (PSSession)InvokeCommand.InvokeScript(
                script, useNewScope: true, PipelineResultTypes.None, null, parameters)[0].BaseObject;
        }
        catch (RuntimeException e)
        {
            throw new ReproTorchException(ReproTorchErrorKind.OperatorFailure, $"No session on {host} could be opened over SSH: {e.ErrorRecord.Exception.Message}", e);
        }
    }
}
