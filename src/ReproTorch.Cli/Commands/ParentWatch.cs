using ReproTorch.Interop;

namespace ReproTorch.Cli.Commands;

/// <summary>Ends a child process with the one that started it, which alone holds its standard input open.</summary>
internal static class ParentWatch
{
    public static void Begin()
    {
        if (!Console.IsInputRedirected)
        {
            return;
        }

        var watch = new Thread(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            ProcessEnd.At(ExitCode.Failed);
        })
        {
            IsBackground = true,
        };
        watch.Start();
    }
}
