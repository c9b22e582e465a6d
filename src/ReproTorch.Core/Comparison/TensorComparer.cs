using ReproTorch.Comparison.Kernels;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison;

/// <summary>
/// Compares two tensors in plain memory: every bit and every value, in one pass and in constant memory, on all processors. Works on any machine without libtorch.
/// </summary>
/// <remarks>
/// Sums are taken in eight float64 lanes per block of 2048 elements, whatever vectors the machine has; the blocks' sums are added up in order
/// with compensation, over segments of 2^21 elements that each begin anew and are joined in order: the same two tensors give the same
/// numbers everywhere, on any number of threads.
/// </remarks>
public static class TensorComparer
{
    /// <summary>Elements of a segment; a multiple of a block's.</summary>
    internal const long SegmentElements = 1 << 21;

    private const long ReportBytes = 32 << 20;

    /// <summary>Compares two tensors.</summary>
    /// <param name="name">The name that both go by.</param>
    /// <param name="reference">What was expected.</param>
    /// <param name="difference">What came.</param>
    /// <param name="options">What to hold them against; null for the same bits.</param>
    /// <param name="progress">Told some 32 MiB apart, on the calling thread.</param>
    /// <param name="cancellationToken">Looked at before each segment.</param>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static TensorComparison Compare(
        string name, TensorData reference, TensorData difference, ComparisonOptions? options = null,
        IProgress<ComparisonProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(difference);
        options ??= ComparisonOptions.Default;
        options.Validate();
        Reporter reporter = new(progress, reference.ByteLength, cancellationToken);
        return new Pair(name, RunValueKind.Tensor, reference, difference, options, new Workspaces(), reporter).Compare();
    }

    /// <summary>Compares two tensors, or two numbers kept as 0-d tensors, with scratch memory and progress shared by a whole run.</summary>
    internal static TensorComparison Compare(
        string name, RunValueKind kind, TensorData reference, TensorData difference, ComparisonOptions options,
        Workspaces workspaces, Reporter reporter) =>
        new Pair(name, kind, reference, difference, options, workspaces, reporter).Compare();

    /// <summary>Tells progress over several tensors and stops when asked to. Any thread may count; the comparison's caller is told.</summary>
    internal sealed class Reporter(IProgress<ComparisonProgress>? progress, long bytesTotal, CancellationToken cancellationToken)
    {
        private long _done;
        private long _reported;

        /// <summary>Counts bytes of the reference as compared.</summary>
        public void Advance(long bytes) => Interlocked.Add(ref _done, bytes);

        /// <summary>Tells how far it has come, if that is worth it.</summary>
        public void ReportSome(string name)
        {
            if (Interlocked.Read(ref _done) - _reported >= ReportBytes)
            {
                Report(name);
            }
        }

        /// <summary>Tells how far it has come.</summary>
        public void Report(string name)
        {
            ThrowIfCancelled();
            _reported = Interlocked.Read(ref _done);
            progress?.Report(new ComparisonProgress(name, _reported, bytesTotal));
        }

        /// <summary>Stops when asked to.</summary>
        public void ThrowIfCancelled() => cancellationToken.ThrowIfCancellationRequested();
    }

    private sealed class Pair(
        string name, RunValueKind kind, TensorData reference, TensorData difference, ComparisonOptions options,
        Workspaces workspaces, Reporter reporter)
    {
        private readonly Tolerances _tolerances =
            options.TolerancesFor(name) ?? Comparison.Tolerances.Default(reference.DType, difference.DType);

        public TensorComparison Compare()
        {
            if (Incomparable() is { } problem)
            {
                reporter.Advance(reference.ByteLength);
                return Empty() with { Reason = problem.Reason, Message = problem.Message };
            }

            DType dtype = DTypeConversion.Promote(reference.DType, difference.DType)!.Value;
            CloseRule? rule = CloseRule.For(dtype, options.Arithmetic, _tolerances);
            double defaultAbsolute = Comparison.Tolerances.Default(reference.DType, difference.DType).Absolute;
            Gathered Fresh(long first) => new(
                new BitStatistics(options.KeepDifferences, options.MaxUlp),
                new ValueStatistics(
                    first, reference.Count, _tolerances, rule, defaultAbsolute, options.EqualNaN,
                    options.Criterion == MatchCriterion.Close ? options.KeepDifferences : 0)
                {
                    RoundsToSingle = dtype.IsInteger() || dtype == DType.@bool,
                });
            reporter.Report(name);
            Gathered whole = Walk(dtype, Fresh);

            // Readers have checked what they read as a whole; nothing is read twice.
            reference.Verify();
            difference.Verify();
            GC.KeepAlive(reference);
            GC.KeepAlive(difference);
            return Conclude(dtype, whole.Bits, whole.Values);
        }

        /// <summary>What is known of the elements of a segment, or of several that follow each other.</summary>
        private readonly record struct Gathered(BitStatistics Bits, ValueStatistics Values);

        /// <summary>What stops the values from being compared, in assert_close's order.</summary>
        private (string Reason, string Message)? Incomparable()
        {
            if (kind == RunValueKind.Number)
            {
                return IncomparableNumbers();
            }

            if (!reference.Shape.AsSpan().SequenceEqual(difference.Shape))
            {
                return ($"shape {PythonText.Tuple(difference.Shape)} instead of {PythonText.Tuple(reference.Shape)}",
                    AssertCloseMessage.OfAttribute("shape", PythonText.Size(difference.Shape), PythonText.Size(reference.Shape)));
            }

            string dtypes = $"dtype {difference.DType} instead of {reference.DType}";
            if (reference.DType.IsQuantized() != difference.DType.IsQuantized())
            {
                return (dtypes, AssertCloseMessage.OfAttribute(
                    "is_quantized", difference.DType.IsQuantized() ? "True" : "False", reference.DType.IsQuantized() ? "True" : "False"));
            }

            if (reference.DType == difference.DType)
            {
                return null;
            }

            string message = AssertCloseMessage.OfAttribute("dtype", PythonText.Of(difference.DType), PythonText.Of(reference.DType));
            return options.CheckDType ? (dtypes, message)
                : DTypeConversion.Promote(reference.DType, difference.DType) is null ? ($"{dtypes}, and there is no common one", message)
                : null;
        }

        private (string Reason, string Message)? IncomparableNumbers()
        {
            if (reference.DType == difference.DType)
            {
                return null;
            }

            string expected = NumberType(reference.DType);
            string actual = NumberType(difference.DType);
            bool bools = reference.DType == DType.@bool || difference.DType == DType.@bool;
            return options.CheckDType || bools
                ? ($"a Python {actual} instead of a Python {expected}",
                    $"The (d)types do not match: <class '{actual}'> != <class '{expected}'>.")
                : null;
        }

        private static string NumberType(DType dtype) =>
            dtype == DType.@bool ? "bool" : dtype.IsComplex() ? "complex" : dtype.IsFloatingPoint() ? "float" : "int";

        /// <summary>Goes through both tensors.</summary>
        /// <param name="dtype">The dtype that is compared.</param>
        /// <param name="fresh">Makes what nothing was gathered in yet, for a segment that begins at that element.</param>
        private Gathered Walk(DType dtype, Func<long, Gathered> fresh)
        {
            Gathered whole = fresh(0);
            long segments = (reference.Count + SegmentElements - 1) / SegmentElements;
            int threads = reference.IsInFile || difference.IsInFile ? workspaces.ReadingThreads : workspaces.Threads;
            new SegmentedWork<Gathered>(segments, Segment, Join).Run(workspaces, threads, () => reporter.ReportSome(name));
            return whole;

            Gathered Segment(long index, Workspace workspace)
            {
                reporter.ThrowIfCancelled();
                long first = index * SegmentElements;
                long end = Math.Min(reference.Count, first + SegmentElements);
                Gathered gathered = fresh(first);
                Walk(dtype, first, end, workspace, BlockComparer.For(dtype, workspace, gathered.Bits, gathered.Values));
                reporter.Advance((end - first) * reference.DType.ItemSize());
                return gathered;
            }

            void Join(long index, Gathered next)
            {
                // The first is taken as it is.
                if (index == 0)
                {
                    whole = next;
                    return;
                }

                whole.Bits.Add(next.Bits);
                whole.Values.Add(next.Values, index * SegmentElements);
            }
        }

        private void Walk(DType dtype, long first, long end, Workspace workspace, BlockComparer comparer)
        {
            TensorReader r = ReaderOf(reference);
            TensorReader d = ReaderOf(difference);
            for (long at = first; at < end; at += BlockPair.Elements)
            {
                int count = (int)Math.Min(BlockPair.Elements, end - at);
                comparer.Compare(Block(r, reference.DType, count, 0, dtype, workspace), Block(d, difference.DType, count, 1, dtype, workspace), at);
            }

            r.Finish();
            d.Finish();

            TensorReader ReaderOf(TensorData tensor) =>
                tensor.Reader(first * tensor.DType.ItemSize(), (end - first) * tensor.DType.ItemSize());
        }

        /// <summary>The next elements in the dtype that is compared, filled up with zeros to a multiple of 64 at the tensor's end.</summary>
        private static ReadOnlySpan<byte> Block(TensorReader reader, DType own, int count, int side, DType dtype, Workspace workspace)
        {
            int size = own.ItemSize();
            int padded = (count + 63) & ~63;
            ReadOnlySpan<byte> bytes = reader.Next(count * size);
            if (padded != count)
            {
                Span<byte> room = workspace.Block(2 + side, padded * size);
                bytes.CopyTo(room);
                room[bytes.Length..].Clear();
                bytes = room;
            }

            if (own == dtype)
            {
                return bytes;
            }

            Span<byte> converted = workspace.Block(side, padded * dtype.ItemSize());
            DTypeConversion.Convert(own, bytes, dtype, converted);
            return converted;
        }

        private TensorComparison Empty() => new()
        {
            Name = name,
            Kind = kind,
            DifferenceKind = kind,
            DType = reference.DType,
            DifferenceDType = difference.DType,
            Shape = [.. reference.Shape],
            DifferenceShape = [.. difference.Shape],
            EqualNaN = options.EqualNaN,
        };

        private TensorComparison Conclude(DType dtype, BitStatistics bits, ValueStatistics values)
        {
            bool sameDType = reference.DType == difference.DType;
            bool identical = sameDType && bits.Differing == 0;
            bool close = values.Mismatched == 0;
            long mismatched = values.Mismatched;
            string? message = null;
            if (kind == RunValueKind.Number)
            {
                (close, message) = Numbers();
                mismatched = close ? 0 : 1;
            }
            else if (!close)
            {
                message = TensorMessage(dtype, values);
            }

            bool withinUlps = options.MaxUlp is { } limit && bits.Greatest <= limit && bits.WithoutDistance == 0;
            long finite = reference.Count - values.NotFinite;
            bool any = reference.Count > 0;
            return Empty() with
            {
                Identical = identical,
                Close = close,
                Match = options.Criterion switch
                {
                    MatchCriterion.Close => close,
                    MatchCriterion.Ulp => withinUlps,
                    _ => identical,
                },
                Tolerances = _tolerances,
                Count = reference.Count,
                Mismatched = mismatched,
                Differing = bits.Differing,
                MaxAbsolute = any ? Greatest(values.Absolute) : null,
                MaxRelative = any ? Greatest(values.Relative) : null,
                MaxUlp = any ? bits.Greatest : null,
                MaxUlpIndex = any ? Index(bits.GreatestIndex) : null,
                MeanAbsolute = finite > 0 ? values.AbsoluteDifference.Value / finite : null,
                MeanDifference = finite > 0 && !dtype.IsComplex() ? values.Difference.Value / finite : null,
                RootMeanSquare = finite > 0 ? Math.Sqrt(values.SquaredDifference.Value / finite) : null,
                CosineSimilarity = Cosine(values),
                NaNCount = values.NaNReference,
                DifferenceNaNCount = values.NaNDifference,
                InfinityCount = values.InfiniteReference,
                DifferenceInfinityCount = values.InfiniteDifference,
                Passing = any ? Passing(dtype, bits, values) : null,
                UlpHistogram = UlpHistogram(bits),
                AbsoluteHistogram = AbsoluteHistogram(values),
                FirstDifferences = Elements(bits.FirstDiffering),
                FirstMismatches = Elements(options.Criterion switch
                {
                    MatchCriterion.Close => close ? [] : kind == RunValueKind.Number ? [0] : values.FirstMismatched,
                    MatchCriterion.Ulp => bits.FirstBeyond,
                    _ => bits.FirstDiffering,
                }),
                Message = message,
            };
        }

        private (bool Close, string? Message) Numbers()
        {
            PythonScalar expected = PythonScalar.Of(reference.DType, ElementText.Element(reference, 0));
            PythonScalar actual = PythonScalar.Of(difference.DType, ElementText.Element(difference, 0));
            if (expected.Type == "bool")
            {
                (string r, string d) = ElementText.Pair(reference, difference, 0);
                return r == d ? (true, null) : (false, $"Booleans mismatch: {d} is not {r}");
            }

            return actual.IsCloseTo(expected, _tolerances, options.EqualNaN)
                ? (true, null)
                : (false, AssertCloseMessage.OfScalars("Scalars", actual, expected, _tolerances));
        }

        private string TensorMessage(DType dtype, ValueStatistics values)
        {
            bool quantized = dtype.IsQuantized();
            if (reference.Shape.Length == 0)
            {
                return AssertCloseMessage.OfScalars(
                    quantized ? "Quantized scalars" : "Scalars", Item(difference, dtype), Item(reference, dtype), _tolerances);
            }

            bool integer = dtype.IsInteger() || dtype == DType.@bool;

            // Nothing above 0: the first 0 is found, or if every difference wrapped around, the least int64.
            bool wrapped = values.MessageInteger == 0 && values.AbsoluteZeroAt == values.Count;
            Int128 greatest = wrapped ? long.MinValue : values.MessageInteger;
            long absoluteAt = values.MessageAbsolute.Value == 0 && !wrapped ? values.AbsoluteZeroAt : values.MessageAbsolute.Index;
            long relativeAt = values.MessageRelative.Value == 0 ? values.RelativeZeroAt % values.Count : values.MessageRelative.Index;
            return AssertCloseMessage.OfTensors(
                quantized ? "Quantized tensor-likes" : "Tensor-likes", reference.Shape, values.Mismatched, reference.Count, _tolerances,
                integer ? greatest.ToString() : PythonText.Of(values.MessageAbsolute.Value), absoluteAt,
                values.MessageRelative.Value, relativeAt);
        }

        private static PythonScalar Item(TensorData tensor, DType dtype)
        {
            ReadOnlySpan<byte> bytes = ElementText.Element(tensor, 0);
            if (tensor.DType != dtype)
            {
                // Conversion works on whole vectors.
                byte[] source = new byte[64 * tensor.DType.ItemSize()];
                byte[] target = new byte[64 * dtype.ItemSize()];
                bytes.CopyTo(source);
                DTypeConversion.Convert(tensor.DType, source, dtype, target);
                return PythonScalar.Of(dtype, target.AsSpan(0, dtype.ItemSize()));
            }

            return PythonScalar.Of(dtype, bytes);
        }

        private GreatestDifference Greatest(Extreme extreme)
        {
            (string r, string d) = ElementText.Pair(reference, difference, extreme.Index);
            return new(extreme.Value, Index(extreme.Index), r, d);
        }

        private ElementDifference[] Elements(List<long> indices) => [.. indices.Select(index =>
        {
            (string r, string d) = ElementText.Pair(reference, difference, index);
            return new ElementDifference(Index(index), r, d);
        })];

        private long[] Index(long flat) => AssertCloseMessage.Unravel(flat, reference.Shape);

        private static double? Cosine(ValueStatistics values)
        {
            double lengths = Math.Sqrt(values.SquaredReference.Value) * Math.Sqrt(values.SquaredOther.Value);
            double cosine = values.Product.Value / lengths;
            return double.IsFinite(cosine) && double.IsFinite(lengths) ? Math.Clamp(cosine, -1, 1) : null;
        }

        private PassingTolerances Passing(DType dtype, BitStatistics bits, ValueStatistics values)
        {
            bool never = values.NaNOnOneSide > 0 || values.InfinitelyApart > 0 || (values.NaNOnBothSides > 0 && !options.EqualNaN)
                || (dtype == Tensors.DType.complex128 && values.Absolute.Value > Magnitude.Greatest);
            bool single = dtype.IsInteger() || dtype == DType.@bool;
            double absolute = single ? values.NeededAbsolute : values.Absolute.Value;
            double relative = dtype.IsComplex() ? Enlarge(values.NeededRelative) : values.NeededRelative;
            if (single && values.Apart > 0)
            {
                // Unequal integers that float32 makes equal pass with any tolerance but none.
                absolute = Math.Max(absolute, double.Epsilon);
                relative = Math.Max(relative, double.Epsilon);
            }

            return new(
                never || double.IsInfinity(relative) ? null : relative,
                values.DefaultAbsolute,
                never ? null : dtype.IsComplex() ? Enlarge(absolute) : absolute,
                bits.WithoutDistance > 0 ? null : bits.Greatest);
        }

        /// <summary>A little more, so that a magnitude that rounds down still reaches; a subnormal at least its least step.</summary>
        private static double Enlarge(double value) =>
            value == 0 ? value : Math.Max(value * (1 + Math.ScaleB(1, -50)), Math.BitIncrement(value));

        private UlpBucket[] UlpHistogram(BitStatistics bits)
        {
            if (reference.Count == 0)
            {
                return [];
            }

            List<UlpBucket> buckets = [];
            long apart = 0;
            int last = BitStatistics.BucketOf(bits.Greatest);
            for (int bucket = 1; bucket <= last; bucket++)
            {
                apart += bits.Buckets[bucket];
                buckets.Add(new(BitStatistics.LeastOf(bucket), BitStatistics.GreatestOf(bucket), bits.Buckets[bucket]));
            }

            return [new(0, 0, reference.Count - bits.WithoutDistance - apart), .. buckets];
        }

        private DifferenceBucket[] AbsoluteHistogram(ValueStatistics values)
        {
            if (reference.Count == 0)
            {
                return [];
            }

            List<DifferenceBucket> buckets = [new(0, 0, reference.Count - values.Apart - values.NaNOnOneSide - values.InfinitelyApart)];
            buckets.AddRange(values.Decades.NonEmptyRange().Select(static decade => new DifferenceBucket(
                DecadeHistogram.Power(decade.Power), DecadeHistogram.Power(decade.Power + 1), decade.Count)));
            if (values.InfinitelyApart > 0)
            {
                buckets.Add(new(double.PositiveInfinity, double.PositiveInfinity, values.InfinitelyApart));
            }

            return [.. buckets];
        }
    }
}
