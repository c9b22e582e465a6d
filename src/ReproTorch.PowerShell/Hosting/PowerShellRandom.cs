using System.Collections;
using System.Management.Automation.Runspaces;
using System.Reflection;
using ReproTorch.Randomness;

namespace ReproTorch.PowerShell.Hosting;

/// <summary>
/// The stream of <c>Get-Random</c> in the session that asks. PowerShell can seed it only by drawing from it and cannot put it
/// back, so its generator is exchanged where the engine keeps it; that place is private, and a PowerShell that keeps it elsewhere is told
/// apart and refused.
/// </summary>
/// <remarks>Source: GetRandomCommandBase.cs of PowerShell 7.6: one System.Random a session, read four bytes at a time.</remarks>
internal static class PowerShellRandom
{
    private const BindingFlags Private = BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
    private const string CommandName = "GetRandomCommand";

    private static readonly Type? s_base =
        Type.GetType("Microsoft.PowerShell.Commands.GetRandomCommandBase, Microsoft.PowerShell.Commands.Utility");

    private static readonly IDictionary? s_generators = s_base?.GetField("s_runspaceGeneratorMap", Private)?.GetValue(null) as IDictionary;

    private static readonly ReaderWriterLockSlim? s_gate =
        s_base?.GetField("s_runspaceGeneratorMapLock", Private)?.GetValue(null) as ReaderWriterLockSlim;

    private static readonly Type? s_generator = s_base?.Assembly.GetType("Microsoft.PowerShell.Commands.PolymorphicRandomNumberGenerator");

    private static readonly FieldInfo? s_random = s_generator?.GetField("_pseudoGenerator", Private);

    /// <summary>Seeds it, as <c>Get-Random -SetSeed</c> does, but draws nothing.</summary>
    /// <exception cref="ReproTorchException">This PowerShell keeps its generator elsewhere.</exception>
    public static void Seed(int seed, string? location)
    {
        object generator = (s_random is null ? null : Activator.CreateInstance(s_generator!, Private, null, [seed], null))
            ?? throw Unknown();
        s_random!.SetValue(generator, new CountedRandom(seed, location));
        Put(generator);
    }

    /// <summary>How it stands.</summary>
    public static StreamReport Report() => Take() is { } generator && s_random?.GetValue(generator) is CountedRandom counted
        ? new StreamReport
        {
            Source = RandomSource.PowerShell,
            Seed = counted.Seed,
            DrawCount = counted.WordCount,
            SeededAt = counted.Location,
            SeededHere = true,
        }
        : new StreamReport { Source = RandomSource.PowerShell };

    /// <summary>The generator as it is; null when none was needed yet.</summary>
    public static object? Take()
    {
        if (s_generators is null || s_gate is null)
        {
            return null;
        }

        s_gate.EnterReadLock();
        try
        {
            return s_generators[Key];
        }
        finally
        {
            s_gate.ExitReadLock();
        }
    }

    /// <summary>Puts back what <see cref="Take"/> gave.</summary>
    public static void Put(object? generator)
    {
        if (s_generators is null || s_gate is null)
        {
            return;
        }

        s_gate.EnterWriteLock();
        try
        {
            if (generator is null)
            {
                s_generators.Remove(Key);
            }
            else
            {
                s_generators[Key] = generator;
            }
        }
        finally
        {
            s_gate.ExitWriteLock();
        }
    }

    private static string Key => CommandName + Runspace.DefaultRunspace.InstanceId.ToString();

    private static ReproTorchException Unknown() => new(
        ReproTorchErrorKind.InvalidArgument,
        "This PowerShell keeps the generator of Get-Random where ReproTorch does not know it, so it cannot be seeded here. "
        + "Use Get-Random -SetSeed, and leave PowerShell out of -Source.");

    /// <summary>The same sequence as Random(seed), counted.</summary>
    private sealed class CountedRandom(int seed, string? location) : Random(seed)
    {
        public int Seed { get; } = seed;

        public string? Location { get; } = location;

        /// <summary>32-bit words drawn.</summary>
        public long WordCount { get; private set; }

        public override void NextBytes(byte[] buffer)
        {
            WordCount += (buffer.Length + 3) / 4;
            base.NextBytes(buffer);
        }
    }
}
