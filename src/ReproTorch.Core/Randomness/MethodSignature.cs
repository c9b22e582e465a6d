namespace ReproTorch.Randomness;

/// <summary>The parameters of a method that is called by name, as Python has them.</summary>
/// <param name="Parameters">Names in order.</param>
/// <param name="Required">How many of them, from the first on, must be given.</param>
/// <param name="Positional">How many of them, from the first on, may be given without their names.</param>
/// <param name="TakesSizes">Whether arguments by position are the sizes of the result, as in <c>rand(2, 3)</c>.</param>
internal sealed record MethodSignature(string[] Parameters, int Required, int Positional, bool TakesSizes)
{
    /// <summary>The name of the parameter that tells the result's shape.</summary>
    public const string Size = "size";

    /// <summary>Whether the shape of the result is an argument of the method itself.</summary>
    public bool HasSize => TakesSizes || Parameters.Contains(Size);

    /// <summary>Reads names parted by blanks: those after a bar have defaults, those after a star are taken by name only, and
    /// <c>*size</c> takes all that is given by position.</summary>
    public static MethodSignature Parse(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool takesSizes = words.Contains("*" + Size);
        string[] names = [.. words.Where(word => word is not ("|" or "*")).Select(word => word.TrimStart('*'))];
        return new MethodSignature(names, takesSizes ? 0 : Before("|", "*"), Before("*", "|"), takesSizes);

        // How many names stand before a mark; all of them where it is missing.
        int Before(string mark, string otherMark) => words.TakeWhile(word => word != mark).Count(word => word != otherMark);
    }
}
