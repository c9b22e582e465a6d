namespace ReproTorch.Cli.Output;

/// <summary>Writes for people: in colour on a terminal, plain elsewhere; errors to standard error.</summary>
internal static class Terminal
{
    // NO_COLOR: https://no-color.org.
    private static readonly bool s_colour = !Console.IsOutputRedirected
        && string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable("NO_COLOR"));

    private static readonly bool s_errorColour = !Console.IsErrorRedirected
        && string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable("NO_COLOR"));

    public static void Line(string text = "") => Console.Out.WriteLine(text);

    public static string Good(string text) => s_colour ? $"\e[32m{text}\e[0m" : text;

    public static string Bad(string text) => s_colour ? $"\e[31m{text}\e[0m" : text;

    public static string Strong(string text) => s_colour ? $"\e[1m{text}\e[0m" : text;

    public static string Faint(string text) => s_colour ? $"\e[2m{text}\e[0m" : text;

    public static void Error(string text) => Console.Error.WriteLine(s_errorColour ? $"\e[31m{text}\e[0m" : text);

    public static void Warning(string text) => Console.Error.WriteLine(s_errorColour ? $"\e[33mwarning:\e[0m {text}" : $"warning: {text}");
}
