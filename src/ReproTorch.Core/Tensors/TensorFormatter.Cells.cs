namespace ReproTorch.Tensors;

public static partial class TensorFormatter
{
    /// <summary>The texts of the shown elements, in order, in one format and padded to one width.</summary>
    private sealed class Cells
    {
        private readonly Func<int, string> _cell;

        private Cells(int width, Func<int, string> cell)
        {
            Width = width;
            _cell = cell;
        }

        /// <summary>The width that decides how many cells stand in a line. NaN and infinities may be wider.</summary>
        public int Width { get; }

        public string this[int index] => _cell(index);

        public static Cells Of(ShownElements elements, TensorFormatterOptions options)
        {
            if (!elements.IsNumeric)
            {
                int width = elements.Texts.Max(text => text.Length);
                return new Cells(width, i => elements.Texts[i].PadLeft(width));
            }

            var real = new FloatFormat(elements.Real, options);
            if (!elements.IsComplex)
            {
                return new Cells(real.Width, i => real.Format(elements.Real[i]));
            }

            var imaginary = new FloatFormat(elements.Imaginary, options);
            return new Cells(real.Width + imaginary.Width + 1, i =>
            {
                string imaginaryText = imaginary.Format(elements.Imaginary[i]).TrimStart();
                string sign = imaginaryText[0] == '-' ? string.Empty : "+";
                return $"{real.Format(elements.Real[i])}{sign}{imaginaryText}j";
            });
        }
    }

    /// <summary>The format that all floats of a tensor share: integers with a point, fixed or scientific.</summary>
    private sealed class FloatFormat
    {
        private readonly int _precision;
        private readonly bool _integers = true;
        private readonly bool _scientific;

        public FloatFormat(List<double> values, TensorFormatterOptions options)
        {
            _precision = options.Precision;
            Width = 1;

            // Only numbers that are neither zero nor special have a say; without any, not even the options have.
            double least = double.PositiveInfinity;
            double greatest = 0;
            foreach (double value in values.Where(IsRegular))
            {
                least = Math.Min(least, Math.Abs(value));
                greatest = Math.Max(greatest, Math.Abs(value));
                _integers &= value == Math.Truncate(value);
            }

            if (greatest == 0)
            {
                return;
            }

            _scientific = greatest / least > 1000.0 || greatest > 1.0e8 || (!_integers && least < 1.0e-4);
            foreach (double value in values.Where(IsRegular))
            {
                Width = Math.Max(Width, Number(value).Length);
            }

            // As in PyTorch, the width stays that of the notation which the values asked for.
            _scientific = options.SciMode ?? _scientific;
        }

        public int Width { get; }

        public string Format(double value) => Number(value).PadLeft(Width);

        private static bool IsRegular(double value) => double.IsFinite(value) && value != 0;

        private string Number(double value) =>
            _scientific ? PythonFloat.Scientific(value, _precision)
            : !_integers ? PythonFloat.Fixed(value, _precision)
            : double.IsFinite(value) ? PythonFloat.Fixed(value, 0) + "."
            : PythonFloat.Fixed(value, 0);
    }
}
