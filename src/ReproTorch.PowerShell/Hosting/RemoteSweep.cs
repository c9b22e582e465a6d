using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Numerics;
using System.Text;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Sweeps;

namespace ReproTorch.PowerShell.Hosting;

/// <summary>A sweep on another machine, through a PowerShell session there.</summary>
public static class RemoteSweep
{
    // Both sides have the module; what goes between them are bytes and plain values, which every transport keeps.
    private const string Script = """
        param($Session, $Module, $Arguments)
        Invoke-Command -Session $Session -ErrorAction Stop -ArgumentList (@($Module) + $Arguments) -ScriptBlock {
            $ErrorActionPreference = 'Stop'
            Import-Module $args[0]
            [ReproTorch.PowerShell.Hosting.RemoteSweep]::Serve($args[1], $args[2], $args[3], $args[4], $args[5], $args[6], $args[7])
        }
        """;

    /// <summary>That machine's side: runs what was sent.</summary>
    /// <param name="model">The model's file.</param>
    /// <param name="input">The input's run file.</param>
    /// <param name="method">The method.</param>
    /// <param name="seed">In decimals.</param>
    /// <param name="count">How often Repeat runs it.</param>
    /// <param name="maxThread">The most threads; 0 for what the machine has.</param>
    /// <param name="vary">The dimensions' names, with commas; empty for the default ones.</param>
    /// <returns>The run as a run file's bytes in base 64, and the sweep as JSON.</returns>
    public static string[] Serve(byte[] model, byte[] input, string method, string seed, int count, int maxThread, string vary)
    {
        MachineReport report = MachineSweep.Serve(model, input, new SweepOptions
        {
            Method = method,
            Seed = TorchSeedValue.From(BigInteger.Parse(seed, CultureInfo.InvariantCulture)),
            Count = count,
            MaxThread = maxThread == 0 ? null : maxThread,
            Dimensions = vary.Length == 0 ? null : [.. vary.Split(',').Select(Enum.Parse<SweepDimension>)],
        });
        return [Convert.ToBase64String(RunFile.ToBytes([report.Run])), report.Sweep.ToJson()];
    }

    /// <summary>This machine's side: sends, waits and reads.</summary>
    /// <exception cref="ReproTorchException">The other side failed.</exception>
    internal static MachineReport Ask(
        CommandInvocationIntrinsics engine, PSSession session, string module, byte[] model, byte[] input, SweepOptions options)
    {
        if (session.Runspace.RunspaceStateInfo.State != RunspaceState.Opened)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The session on {NameOf(session)} is {session.Runspace.RunspaceStateInfo.State}. Open one with New-PSSession.");
        }

        // The dimensions that both sides can show; how machines compare is for this side to say.
        string vary = options.Dimensions is { } dimensions ? string.Join(',', dimensions) : string.Empty;
        object[] arguments = [model, input, options.Method, options.Seed.ToString(), options.Count, options.MaxThread ?? 0, vary];
        Collection<PSObject> answer;
        try
        {
            answer = engine.InvokeScript(
                Script, useNewScope: true, PipelineResultTypes.None, null, session, module, arguments);
        }
        catch (RuntimeException e)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.OperatorFailure,
                $"{NameOf(session)} could not run the sweep: {e.ErrorRecord.Exception.Message} The module {module} must be installed there.", e);
        }

        return answer is [{ BaseObject: string run }, { BaseObject: string sweep }]
            ? new MachineReport(RunFile.FromBytes(Convert.FromBase64String(run))[0], SweepResult.FromJson(sweep))
            : throw new ReproTorchException(
                ReproTorchErrorKind.OperatorFailure, $"{NameOf(session)} answered with {answer.Count} values; a run and a sweep were expected.");
    }

    /// <summary>What a session's machine is called.</summary>
    internal static string NameOf(PSSession session) => string.IsNullOrEmpty(session.ComputerName) ? session.Name : session.ComputerName;
}
