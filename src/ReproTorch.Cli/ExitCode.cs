namespace ReproTorch.Cli;

/// <summary>What the program's exit codes mean.</summary>
internal static class ExitCode
{
    /// <summary>The same, or done.</summary>
    public const int Same = 0;

    /// <summary>It differs.</summary>
    public const int Differs = 1;

    /// <summary>Wrong usage or bad input.</summary>
    public const int Usage = 2;

    /// <summary>The run failed.</summary>
    public const int Failed = 3;

    /// <summary>Ended by Ctrl+C, as shells have it.</summary>
    public const int Cancelled = 130;
}
