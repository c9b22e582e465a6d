namespace ReproTorch.Randomness;

/// <content>Continuous distributions that stand on uniform or normal values.</content>
public sealed partial class NumpyGenerator
{
    /// <summary><c>uniform(low, high)</c>: low + (high - low) u with u in [0, 1). Rounding can give high
    /// itself.</summary>
    /// <param name="low">Lower end.</param>
    /// <param name="high">Upper end, not below low.</param>
    /// <exception cref="ReproTorchException">high - low is not finite or is negative.</exception>
    public double Uniform(double low = 0, double high = 1) => low + (CheckedRange(low, high) * _bits.NextDouble());

    /// <summary><c>uniform(low, high, size)</c>.</summary>
    /// <inheritdoc cref="Uniform(double, double)"/>
    public void Uniform(Span<double> destination, double low = 0, double high = 1)
    {
        double range = CheckedRange(low, high);
        Random(destination);
        foreach (ref double value in destination)
        {
            value = low + (range * value);
        }
    }

    /// <summary><c>laplace(loc, scale)</c>.</summary>
    /// <param name="loc">Mean.</param>
    /// <param name="scale">0 or more.</param>
    /// <exception cref="ReproTorchException">scale &lt; 0.</exception>
    public double Laplace(double loc = 0, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        return NextLaplace(loc, scale);
    }

    /// <summary><c>laplace(loc, scale, size)</c>.</summary>
    /// <inheritdoc cref="Laplace(double, double)"/>
    public void Laplace(Span<double> destination, double loc = 0, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        foreach (ref double value in destination)
        {
            value = NextLaplace(loc, scale);
        }
    }

    /// <summary><c>gumbel(loc, scale)</c>.</summary>
    /// <param name="loc">Mode.</param>
    /// <param name="scale">0 or more.</param>
    /// <exception cref="ReproTorchException">scale &lt; 0.</exception>
    public double Gumbel(double loc = 0, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        return NextGumbel(loc, scale);
    }

    /// <summary><c>gumbel(loc, scale, size)</c>.</summary>
    /// <inheritdoc cref="Gumbel(double, double)"/>
    public void Gumbel(Span<double> destination, double loc = 0, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        foreach (ref double value in destination)
        {
            value = NextGumbel(loc, scale);
        }
    }

    /// <summary><c>logistic(loc, scale)</c>.</summary>
    /// <param name="loc">Mean.</param>
    /// <param name="scale">0 or more.</param>
    /// <exception cref="ReproTorchException">scale &lt; 0.</exception>
    public double Logistic(double loc = 0, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        return NextLogistic(loc, scale);
    }

    /// <summary><c>logistic(loc, scale, size)</c>.</summary>
    /// <inheritdoc cref="Logistic(double, double)"/>
    public void Logistic(Span<double> destination, double loc = 0, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        foreach (ref double value in destination)
        {
            value = NextLogistic(loc, scale);
        }
    }

    /// <summary><c>standard_cauchy()</c>: the quotient of two normal values.</summary>
    public double StandardCauchy()
    {
        double top = StandardNormal();
        return top / StandardNormal();
    }

    /// <summary><c>standard_cauchy(size)</c>.</summary>
    public void StandardCauchy(Span<double> destination)
    {
        foreach (ref double value in destination)
        {
            value = StandardCauchy();
        }
    }

    /// <summary><c>triangular(left, mode, right)</c>.</summary>
    /// <param name="left">Lower end.</param>
    /// <param name="mode">Peak; not below left.</param>
    /// <param name="right">Upper end; not below mode, and not left.</param>
    /// <exception cref="ReproTorchException">left &gt; mode, mode &gt; right, or left == right.</exception>
    public double Triangular(double left, double mode, double right)
    {
        CheckTriangular(left, mode, right);
        return NextTriangular(left, mode, right);
    }

    /// <summary><c>triangular(left, mode, right, size)</c>.</summary>
    /// <inheritdoc cref="Triangular(double, double, double)"/>
    public void Triangular(Span<double> destination, double left, double mode, double right)
    {
        CheckTriangular(left, mode, right);
        foreach (ref double value in destination)
        {
            value = NextTriangular(left, mode, right);
        }
    }

    /// <summary><c>wald(mean, scale)</c>: the inverse Gaussian.</summary>
    /// <param name="mean">Above 0.</param>
    /// <param name="scale">Above 0.</param>
    /// <exception cref="ReproTorchException">mean &lt;= 0, or scale &lt;= 0.</exception>
    public double Wald(double mean, double scale)
    {
        NumpyGeneratorArgument.Positive(mean, "mean");
        NumpyGeneratorArgument.Positive(scale, "scale");
        return NextWald(mean, scale);
    }

    /// <summary><c>wald(mean, scale, size)</c>.</summary>
    /// <inheritdoc cref="Wald(double, double)"/>
    public void Wald(Span<double> destination, double mean, double scale)
    {
        NumpyGeneratorArgument.Positive(mean, "mean");
        NumpyGeneratorArgument.Positive(scale, "scale");
        foreach (ref double value in destination)
        {
            value = NextWald(mean, scale);
        }
    }

    /// <summary><c>vonmises(mu, kappa)</c>: an angle from -pi to pi.</summary>
    /// <param name="mu">Mode, in radians.</param>
    /// <param name="kappa">Concentration, 0 or more.</param>
    /// <exception cref="ReproTorchException">kappa &lt; 0.</exception>
    public double Vonmises(double mu, double kappa)
    {
        NumpyGeneratorArgument.NonNegative(kappa, "kappa");
        return NextVonmises(mu, kappa);
    }

    /// <summary><c>vonmises(mu, kappa, size)</c>.</summary>
    /// <inheritdoc cref="Vonmises(double, double)"/>
    public void Vonmises(Span<double> destination, double mu, double kappa)
    {
        NumpyGeneratorArgument.NonNegative(kappa, "kappa");
        foreach (ref double value in destination)
        {
            value = NextVonmises(mu, kappa);
        }
    }

    private static double CheckedRange(double low, double high)
    {
        double range = high - low;
        if (!double.IsFinite(range))
        {
            throw NumpyGeneratorArgument.Invalid("high - low range exceeds valid bounds", range);
        }

        NumpyGeneratorArgument.NonNegative(range, "high - low");
        return range;
    }

    private static void CheckTriangular(double left, double mode, double right)
    {
        if (left > mode)
        {
            throw NumpyGeneratorArgument.Invalid($"left > mode: got {left} and {mode}.");
        }

        if (mode > right)
        {
            throw NumpyGeneratorArgument.Invalid($"mode > right: got {mode} and {right}.");
        }

        if (left == right)
        {
            throw NumpyGeneratorArgument.Invalid("left == right", left);
        }
    }

    private double NextLaplace(double loc, double scale)
    {
        while (true)
        {
            double u = _bits.NextDouble();
            if (u >= 0.5)
            {
                return loc - (scale * Math.Log(2.0 - u - u));
            }

            if (u > 0)
            {
                return loc + (scale * Math.Log(u + u));
            }
        }
    }

    private double NextGumbel(double loc, double scale)
    {
        while (true)
        {
            double u = 1.0 - _bits.NextDouble();
            if (u < 1)
            {
                return loc - (scale * Math.Log(-Math.Log(u)));
            }
        }
    }

    private double NextLogistic(double loc, double scale)
    {
        while (true)
        {
            double u = _bits.NextDouble();
            if (u > 0)
            {
                return loc + (scale * Math.Log(u / (1.0 - u)));
            }
        }
    }

    private double NextTriangular(double left, double mode, double right)
    {
        double range = right - left;
        double toMode = mode - left;
        double u = _bits.NextDouble();
        return u <= toMode / range
            ? left + Math.Sqrt(u * (toMode * range))
            : right - Math.Sqrt((1.0 - u) * ((right - mode) * range));
    }

    // J. R. Michael, W. R. Schucany, R. W. Haas, "Generating Random Variates Using Transformations with Multiple
    // Roots", 1976.
    private double NextWald(double mean, double scale)
    {
        double factor = mean / (2 * scale);
        double y = StandardNormal();
        y = mean * y * y;
        double x = mean + (factor * (y - Math.Sqrt((4 * scale * y) + (y * y))));
        double u = _bits.NextDouble();
        return u <= mean / (mean + x) ? x : mean * mean / x;
    }

    // D. J. Best and N. I. Fisher, "Efficient Simulation of the von Mises Distribution", 1979.
    private double NextVonmises(double mu, double kappa)
    {
        if (double.IsNaN(kappa))
        {
            return s_nan;
        }

        if (kappa < 1e-8)
        {
            return Math.PI * ((2 * _bits.NextDouble()) - 1);
        }

        if (kappa > 1e6)
        {
            double wrapped = mu + (Math.Sqrt(1.0 / kappa) * StandardNormal());
            if (wrapped < -Math.PI)
            {
                wrapped += 2 * Math.PI;
            }

            return wrapped > Math.PI ? wrapped - (2 * Math.PI) : wrapped;
        }

        double s;
        if (kappa < 1e-5)
        {
            // rho would round to 0; this is its series around 0.
            s = (1.0 / kappa) + kappa;
        }
        else
        {
            double r = 1 + Math.Sqrt(1 + (4 * kappa * kappa));
            double rho = (r - Math.Sqrt(2 * r)) / (2 * kappa);
            s = (1 + (rho * rho)) / (2 * rho);
        }

        double w;
        double y;
        double v;
        do
        {
            double z = Math.Cos(Math.PI * _bits.NextDouble());
            w = (1 + (s * z)) / (s + z);
            y = kappa * (s - w);
            v = _bits.NextDouble();
        }
        while (!((y * (2 - y)) - v >= 0) && !(Math.Log(y / v) + 1 - y >= 0));

        double angle = Math.Acos(w);
        if (_bits.NextDouble() < 0.5)
        {
            angle = -angle;
        }

        angle += mu;
        // C's fmod and C#'s % are both exact.
        double folded = (Math.Abs(angle) + Math.PI) % (2 * Math.PI) - Math.PI;
        return angle < 0 ? -folded : folded;
    }
}
