// Runs every test that this machine can run and says, in its last line alone, what came of them:
//     N passed, N failed, N skipped
// Usage: TestRunner ROOT CONFIGURATION [native|managed|python|pester ..]    (all kinds when none is named)
using ReproTorch.Build.TestRunner;

if (args.Length < 2)
{
    Console.Error.WriteLine("Usage: TestRunner ROOT CONFIGURATION [native|managed|python|pester ..]");
    return 2;
}
string root = Path.GetFullPath(args[0]);
string[] kinds = args.Length > 2 ? args[2..] : ["native", "managed", "python", "pester"];
var runners = new Runners(root, args[1]);
var tallies = new List<Tally>();
foreach (string kind in kinds)
{
    switch (kind)
    {
        case "native":
            tallies.Add(runners.Native());
            break;
        case "managed":
            string[] projects = Directory.GetFiles(Path.Combine(root, "tests"), "*.Tests.csproj", SearchOption.AllDirectories);
            tallies.AddRange(projects.Order(StringComparer.Ordinal).Select(runners.Managed));
            break;
        case "python":
            tallies.Add(runners.Python());
            break;
        case "pester":
            tallies.Add(runners.Pester());
            break;
        default:
            Console.Error.WriteLine($"There is no kind of test called '{kind}'. The kinds are native, managed, python and pester.");
            return 2;
    }
}

Console.WriteLine();
foreach (Tally tally in tallies)
{
    Console.WriteLine("  " + tally);
}
Console.WriteLine();
int failed = tallies.Sum(tally => tally.Failed);
Console.WriteLine($"{tallies.Sum(tally => tally.Passed)} passed, {failed} failed, {tallies.Sum(tally => tally.Skipped)} skipped");
return failed == 0 ? 0 : 1;
