using ReproTorch.Interop;

namespace ReproTorch.Randomness;

// How NumPy's legacy stream draws continuous numbers (src/legacy/legacy-distributions.c; laplace, gumbel, logistic and
// triangular are in src/distributions/distributions.c). Operands stand in the order in which C rounds them; drawing
// order is that of NumPy's builds.
public sealed partial class NumpyRandomState
{
    // Shape 1: exponential. Below 1: J. H. Ahrens's and U. Dieter's GS. Above: G. Marsaglia's and W. W. Tsang's
    // squeeze, 2000.
    private double NextStandardGamma(double shape)
    {
        if (shape == 1.0)
        {
            return StandardExponential();
        }

        if (shape == 0.0)
        {
            return 0.0;
        }

        return shape < 1.0 ? NextGammaBelow1(shape) : NextGammaAbove1(shape);
    }

    private double NextGammaBelow1(double shape)
    {
        while (true)
        {
            double u = _twister.NextDouble();
            double v = StandardExponential();
            if (u <= 1.0 - shape)
            {
                double x = Math.Pow(u, 1.0 / shape);
                if (x <= v)
                {
                    return x;
                }
            }
            else
            {
                double y = -Math.Log((1 - u) / shape);
                double x = Math.Pow(1.0 - shape + (shape * y), 1.0 / shape);
                if (x <= v + y)
                {
                    return x;
                }
            }
        }
    }

    private double NextGammaAbove1(double shape)
    {
        double b = shape - (1.0 / 3.0);
        double c = 1.0 / Math.Sqrt(9 * b);
        while (true)
        {
            double x;
            double v;
            do
            {
                x = StandardNormal();
                v = 1.0 + (c * x);
            }
            while (v <= 0.0);

            v = v * v * v;
            double u = _twister.NextDouble();
            if (u < 1.0 - (0.0331 * (x * x) * (x * x)) || Math.Log(u) < (0.5 * x * x) + (b * (1.0 - v + Math.Log(v))))
            {
                return b * v;
            }
        }
    }

    private double NextChisquare(double df) => 2.0 * NextStandardGamma(df / 2.0);

    private double NextF(double dfnum, double dfden)
    {
        double numerator = NextChisquare(dfnum) * dfden;
        return numerator / (NextChisquare(dfden) * dfnum);
    }

    private double NextNoncentralChisquare(double df, double nonc)
    {
        if (nonc == 0)
        {
            return NextChisquare(df);
        }

        if (df > 1)
        {
            double chisquare = NextChisquare(df - 1);
            double n = StandardNormal() + Math.Sqrt(nonc);
            return chisquare + (n * n);
        }

        // With a noncentrality that is NaN the stream moves on as with any other.
        long i = NextPoisson(nonc / 2.0);
        double result = NextChisquare(df + unchecked(2 * i));
        return double.IsNaN(nonc) ? double.NaN : result;
    }

    private double NextNoncentralF(double dfnum, double dfden, double nonc)
    {
        double t = NextNoncentralChisquare(dfnum, nonc) * dfden;
        return t / (NextChisquare(dfden) * dfnum);
    }

    private double NextStandardT(double df)
    {
        double numerator = StandardNormal();
        double denominator = NextStandardGamma(df / 2);
        return Math.Sqrt(df / 2) * numerator / Math.Sqrt(denominator);
    }

    // Both parameters up to 1: M. D. Johnk's algorithm.
    private double NextBeta(double a, double b)
    {
        if (!(a <= 1.0 && b <= 1.0))
        {
            double first = NextStandardGamma(a);
            double second = NextStandardGamma(b);
            return first / (first + second);
        }

        while (true)
        {
            double u = _twister.NextDouble();
            double v = _twister.NextDouble();
            double x = Math.Pow(u, 1.0 / a);
            double y = Math.Pow(v, 1.0 / b);
            if (x + y > 1.0)
            {
                continue;
            }

            if (x + y > 0)
            {
                return x / (x + y);
            }

            // Both powers vanished: the same quotient by way of logarithms.
            double logX = Math.Log(u) / a;
            double logY = Math.Log(v) / b;
            double logM = logX > logY ? logX : logY;
            logX -= logM;
            logY -= logM;
            return Math.Exp(logX - Math.Log(Math.Exp(logX) + Math.Exp(logY)));
        }
    }

    private double NextRayleigh(double scale) => scale * Math.Sqrt(-2.0 * CMath.Log1P(-_twister.NextDouble()));

    // J. R. Michael, W. R. Schucany, R. W. Haas, "Generating random variates using transformations with multiple
    // roots", 1976.
    private double NextWald(double mean, double scale)
    {
        double mu2l = mean / (2 * scale);
        double y = StandardNormal();
        y = mean * y * y;
        double x = mean + (mu2l * (y - Math.Sqrt((4 * scale * y) + (y * y))));
        double u = _twister.NextDouble();
        return u <= mean / (mean + x) ? x : mean * mean / x;
    }

    private double NextLaplace(double loc, double scale)
    {
        double u;
        do
        {
            u = _twister.NextDouble();
        }
        while (u == 0.0);

        return u >= 0.5 ? loc - (scale * Math.Log(2.0 - u - u)) : loc + (scale * Math.Log(u + u));
    }

    private double NextGumbel(double loc, double scale)
    {
        double u;
        do
        {
            u = 1.0 - _twister.NextDouble();
        }
        while (u == 1.0);

        return loc - (scale * Math.Log(-Math.Log(u)));
    }

    private double NextLogistic(double loc, double scale)
    {
        double u;
        do
        {
            u = _twister.NextDouble();
        }
        while (u == 0.0);

        return loc + (scale * Math.Log(u / (1.0 - u)));
    }

    private double NextTriangular(double left, double mode, double right)
    {
        double width = right - left;
        double leftWidth = mode - left;
        double ratio = leftWidth / width;
        double u = _twister.NextDouble();
        return u <= ratio
            ? left + Math.Sqrt(u * (leftWidth * width))
            : right - Math.Sqrt((1.0 - u) * ((right - mode) * width));
    }

    // D. J. Best, N. I. Fisher, "Efficient simulation of the von Mises distribution", Applied Statistics 28, 1979.
    private double NextVonmises(double mu, double kappa)
    {
        if (double.IsNaN(kappa))
        {
            return double.NaN;
        }

        if (kappa < 1e-8)
        {
            return Math.PI * ((2 * _twister.NextDouble()) - 1);
        }

        double s = VonmisesShape(kappa);
        double w;
        double y;
        double v;
        do
        {
            double z = Math.Cos(Math.PI * _twister.NextDouble());
            w = (1 + (s * z)) / (s + z);
            y = kappa * (s - w);
            v = _twister.NextDouble();
        }
        while (!((y * (2 - y)) - v >= 0 || Math.Log(y / v) + 1 - y >= 0));

        double angle = Math.Acos(w);
        angle = _twister.NextDouble() < 0.5 ? -angle : angle;
        angle += mu;
        double modulus = ((Math.Abs(angle) + Math.PI) % (2 * Math.PI)) - Math.PI;
        return angle < 0 ? -modulus : modulus;
    }

    private static double VonmisesShape(double kappa)
    {
        double s;
        if (kappa < 1e-5)
        {
            s = (1.0 / kappa) + kappa;
        }
        else
        {
            double r = 1 + Math.Sqrt(1 + (4 * kappa * kappa));
            double rho = (r - Math.Sqrt(2 * r)) / (2 * kappa);
            s = (1 + (rho * rho)) / (2 * rho);
        }

        // Where rounding leaves no room between s and 1, no try is ever accepted.
        return s > 1
            ? s
            : throw Invalid($"kappa is so great that NumPy's legacy algorithm has no end: got {Text(kappa)}.");
    }
}
