using ReproTorch.Determinism;
using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>
/// Reads the graphs of a model, without running them, for what may make its results differ: operators of the table
/// (<see cref="NondeterministicOperators"/>) for the libtorch at hand, and what tracing froze.
/// </summary>
public sealed partial class NondeterminismFinder
{
    // What cuBLAS must be told for repeatable results, from the reproducibility page of its documentation.
    private static readonly string[] s_repeatableWorkspaces = [":4096:8", ":16:8"];

    private readonly TorchModel _model;
    private readonly TorchDevice _device;
    private readonly ILookup<string, NondeterminismRule> _rules = NondeterministicOperators.Current();
    private readonly DeterminismSettings _switches = DeterminismPolicy.Get();
    private readonly bool _isTraining;

    private NondeterminismFinder(TorchModel model, TorchDevice device)
    {
        _model = model;
        _device = device;
        _isTraining = model.IsTraining;
    }

    /// <summary>All that was found, in the order of methods and of their graphs; also what does not matter now
    /// (<see cref="NondeterministicOperator.Active"/> tells).</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">The device to judge for; the model's own when null.</param>
    /// <param name="methods">The methods to read; all when null.</param>
    /// <exception cref="ReproTorchException">There is no method of such a name.</exception>
    public static IReadOnlyList<NondeterministicOperator> Find(
        TorchModel model, TorchDevice? device = null, IReadOnlyCollection<string>? methods = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var finder = new NondeterminismFinder(model, device ?? model.Device);
        IEnumerable<string> names = methods ?? [.. model.Methods.Select(method => method.Name)];
        return [.. names.SelectMany(finder.InMethod)];
    }

    private IEnumerable<NondeterministicOperator> InMethod(string method)
    {
        foreach (OperatorUse use in _model.Uses(method))
        {
            IEnumerable<NondeterministicOperator?> found = use.Constant is null
                ? ByRules(method, use).Append(FixedDevice(method, use))
                : [FrozenConstant(method, use)];
            foreach (NondeterministicOperator? one in found)
            {
                if (one is not null)
                {
                    yield return one;
                }
            }
        }
    }

    private IEnumerable<NondeterministicOperator?> ByRules(string method, OperatorUse use)
    {
        if (use.Unread)
        {
            yield return Describe(method, use, Unreadable);
        }

        bool isKnownToDraw = false;
        foreach (NondeterminismRule rule in RulesOf(use))
        {
            isKnownToDraw |= rule.Behaviour is NondeterministicBehaviour.Draws;
            RuleMatch match = RuleMatch.Of(rule, use, _device);
            if (match.Applies)
            {
                yield return ByRule(method, use, rule, match);
            }
        }

        if (use.Random && !isKnownToDraw)
        {
            yield return Describe(method, use, Random("It draws random numbers, as libtorch's own tag says.")) with { Active = use.Live };
        }
    }

    private IEnumerable<NondeterminismRule> RulesOf(OperatorUse use) =>
        use.Overload.Length == 0 ? _rules[use.Kind] : _rules[use.Kind].Concat(_rules[use.FullName]);

    private NondeterministicOperator? ByRule(string method, OperatorUse use, NondeterminismRule rule, RuleMatch match)
    {
        bool isFrozen = IsFrozenInTraining(use, rule);
        if (rule.Behaviour is NondeterministicBehaviour.Trains && !isFrozen)
        {
            return null;
        }

        Finding finding = isFrozen ? FrozenTraining(rule) : OfBehaviour(rule, match);
        return Describe(method, use, finding) with
        {
            Pass = rule.Pass,
            Rule = rule,
            Active = match.IsNow && (rule.Pass is OperatorPass.Forward || _isTraining) && IsUnmended(rule.Behaviour),
        };
    }

    // Whether the process's switches leave it as it is.
    private bool IsUnmended(NondeterministicBehaviour behaviour) => behaviour switch
    {
        NondeterministicBehaviour.TakesDeterministicForm => _switches.Mode is DeterminismMode.Off,
        NondeterministicBehaviour.NeedsCublasWorkspace => !s_repeatableWorkspaces.Contains(_switches.CublasWorkspaceConfig),
        NondeterministicBehaviour.FillsInDeterministicMode => !DeterminismPolicy.FillsUninitializedMemory,
        _ => true,
    };

    private NondeterministicOperator Describe(string method, OperatorUse use, Finding finding) => new()
    {
        Kind = finding.Kind,
        Operator = use.FullName,
        Method = method,
        Submodule = use.Scope,
        Source = use.Source,
        Line = use.Line,
        Device = _device,
        Active = use.Live,
        Meaning = finding.Meaning,
        Remedy = finding.Remedy,
    };
}
