namespace ReproTorch.Reporting.Graphs;

/// <summary>Where a box stands: its middle, and its size.</summary>
internal readonly record struct Place(double X, double Y, double Width, double Height)
{
    public double Left => X - (Width / 2);

    public double Right => X + (Width / 2);

    public double Top => Y - (Height / 2);

    public double Bottom => Y + (Height / 2);

    public bool Overlaps(Place other) =>
        Left <= other.Right && Right >= other.Left && Top <= other.Bottom && Bottom >= other.Top;
}

/// <summary>A graph to be laid out: the size of each box, and edges by index, from earlier boxes to later ones.</summary>
internal sealed record LayoutProblem(IReadOnlyList<(double Width, double Height)> Sizes, IReadOnlyList<(int From, int To)> Edges)
{
    /// <summary>The room between two neighbours in a layer, beside the usual.</summary>
    public Func<int, int, double> ExtraSeparation { get; init; } = static (_, _) => 0;

    /// <summary>The room above each layer beside the usual, given the layer of each box.</summary>
    public Func<int[], double[]> ExtraAbove { get; init; } = static layers => new double[layers.Max() + 1];
}

/// <summary>
/// Lays a graph without circles out from top to bottom in layers, as Sugiyama, Tagawa and Toda have it (IEEE Transactions on Systems,
/// Man, and Cybernetics 11, 1981): layers by the longest way, long edges cut by points in the layers between, order by barycentres with
/// the fewest crossings kept, and places that keep edges straight (each layer's places are the least squares solution that keeps its
/// order and distances).
/// </summary>
internal sealed class LayeredLayout
{
    private const double Separation = 26;
    private const double PointSeparation = 16;
    private const double LayerGap = 34;
    private const int OrderSweeps = 12;
    private const int PlaceSweeps = 40;

    // A long edge that runs straight matters more than a box in the middle of its neighbours (weights of Gansner, Koutsofios,
    // North and Vo, IEEE Transactions on Software Engineering 19, 1993).
    private const double PointToPoint = 8;
    private const double BoxToPoint = 2;
    private const double Chain = 5;
    private const double BoxToBox = 1;

    private readonly LayoutProblem _problem;
    private readonly int[] _layerOf;
    private readonly List<List<int>> _layers = [];
    private readonly List<int> _layerOfAll = [];
    private readonly List<List<int>> _above = [];
    private readonly List<List<int>> _below = [];
    private readonly List<List<int>> _ways = [];
    private double[] _x = [];

    private LayeredLayout(LayoutProblem problem)
    {
        _problem = problem;
        _layerOf = Layers(problem);
    }

    /// <summary>The places of the boxes.</summary>
    public Place[] Places { get; private set; } = [];

    /// <summary>The layer of each box.</summary>
    public IReadOnlyList<int> LayerOf => _layerOf;

    /// <summary>The points that each edge goes through, ends included, each with the top and bottom between which it goes straight
    /// down.</summary>
    public IReadOnlyList<(double X, double Top, double Bottom)[]> Ways { get; private set; } = [];

    public double Width { get; private set; }

    public double Height { get; private set; }

    public static LayeredLayout Of(LayoutProblem problem)
    {
        var layout = new LayeredLayout(problem);
        layout.CutLongEdges();
        layout.Order();
        layout.PlaceAll();
        return layout;
    }

    private int Boxes => _problem.Sizes.Count;

    private double WidthOf(int item) => item < Boxes ? _problem.Sizes[item].Width : 0;

    private static int[] Layers(LayoutProblem problem)
    {
        var layer = new int[problem.Sizes.Count];
        ILookup<int, int> incoming = problem.Edges.ToLookup(edge => edge.To, edge => edge.From);
        ILookup<int, int> outgoing = problem.Edges.ToLookup(edge => edge.From, edge => edge.To);
        for (int i = 0; i < layer.Length; i++)
        {
            layer[i] = incoming[i].Select(from => layer[from] + 1).DefaultIfEmpty(0).Max();
        }

        // What nothing leads to stands right above what it is for.
        for (int i = 0; i < layer.Length; i++)
        {
            if (!incoming[i].Any() && outgoing[i].Any())
            {
                layer[i] = outgoing[i].Min(to => layer[to]) - 1;
            }
        }

        return layer;
    }

    private void CutLongEdges()
    {
        foreach (int layer in _layerOf)
        {
            AddItem(layer);
        }

        foreach ((int from, int to) in _problem.Edges)
        {
            List<int> way = [from];
            for (int layer = _layerOf[from] + 1; layer < _layerOf[to]; layer++)
            {
                way.Add(AddItem(layer));
            }

            way.Add(to);
            for (int i = 1; i < way.Count; i++)
            {
                _below[way[i - 1]].Add(way[i]);
                _above[way[i]].Add(way[i - 1]);
            }

            _ways.Add(way);
        }
    }

    private int AddItem(int layer)
    {
        int item = _layerOfAll.Count;
        _layerOfAll.Add(layer);
        _above.Add([]);
        _below.Add([]);
        while (_layers.Count <= layer)
        {
            _layers.Add([]);
        }

        _layers[layer].Add(item);
        return item;
    }

    private void Order()
    {
        List<int[]> best = [.. _layers.Select(layer => layer.ToArray())];
        long fewest = Crossings();
        for (int sweep = 0; sweep < OrderSweeps && fewest > 0; sweep++)
        {
            bool down = sweep % 2 == 0;
            for (int i = 1; i < _layers.Count; i++)
            {
                SortLayer(down ? i : _layers.Count - 1 - i, down ? _above : _below);
            }

            long crossings = Crossings();
            if (crossings < fewest)
            {
                fewest = crossings;
                best = [.. _layers.Select(layer => layer.ToArray())];
            }
        }

        for (int i = 0; i < _layers.Count; i++)
        {
            _layers[i] = [.. best[i]];
        }
    }

    private void SortLayer(int layer, List<List<int>> neighbours)
    {
        var positions = new Dictionary<int, int>();
        foreach (List<int> other in (List<int>[])[.. Adjacent(layer)])
        {
            for (int i = 0; i < other.Count; i++)
            {
                positions[other[i]] = i;
            }
        }

        double[] keys = [.. _layers[layer].Select((item, index) =>
            neighbours[item].Count == 0 ? index : neighbours[item].Average(neighbour => (double)positions[neighbour]))];
        _layers[layer] = [.. _layers[layer].Select((item, index) => (item, key: keys[index])).OrderBy(pair => pair.key).Select(pair => pair.item)];
    }

    private IEnumerable<List<int>> Adjacent(int layer)
    {
        if (layer > 0)
        {
            yield return _layers[layer - 1];
        }

        if (layer < _layers.Count - 1)
        {
            yield return _layers[layer + 1];
        }
    }

    private long Crossings()
    {
        long count = 0;
        for (int layer = 1; layer < _layers.Count; layer++)
        {
            Dictionary<int, int> positions = _layers[layer - 1].Select((item, index) => (item, index)).ToDictionary(pair => pair.item, pair => pair.index);
            int[] ends = [.. _layers[layer].SelectMany(item => _above[item].Select(from => positions[from]).Order())];
            var counts = new int[_layers[layer - 1].Count + 1];
            for (int i = 0; i < ends.Length; i++)
            {
                // Edges seen before that begin further right cross this one; counted by a Fenwick tree.
                int seen = 0;
                for (int at = ends[i] + 1; at > 0; at -= at & -at)
                {
                    seen += counts[at];
                }

                count += i - seen;
                for (int at = ends[i] + 1; at < counts.Length; at += at & -at)
                {
                    counts[at]++;
                }
            }
        }

        return count;
    }

    private void PlaceAll()
    {
        _x = new double[_layerOfAll.Count];
        foreach (List<int> layer in _layers)
        {
            double x = 0;
            for (int i = 0; i < layer.Count; i++)
            {
                x += i == 0 ? 0 : Distance(layer[i - 1], layer[i]);
                _x[layer[i]] = x;
            }
        }

        for (int sweep = 0; sweep < PlaceSweeps; sweep++)
        {
            for (int i = 0; i < _layers.Count; i++)
            {
                PlaceLayer(_layers[sweep % 2 == 0 ? i : _layers.Count - 1 - i], sweep < PlaceSweeps - 8 ? (sweep % 2 == 0 ? 1 : 2) : 3);
            }
        }

        double left = Enumerable.Range(0, _x.Length).Min(item => _x[item] - (WidthOf(item) / 2));
        double right = Enumerable.Range(0, _x.Length).Max(item => _x[item] + (WidthOf(item) / 2));
        (double[] tops, double[] heights) = Rows();
        Width = right - left;
        Height = tops[^1] + heights[^1];
        Places = [.. Enumerable.Range(0, Boxes).Select(i => new Place(
            _x[i] - left, tops[_layerOf[i]] + (heights[_layerOf[i]] / 2), _problem.Sizes[i].Width, _problem.Sizes[i].Height))];
        Ways = [.. _ways.Select(way => way.Select(item => item < Boxes
            ? (Places[item].X, Places[item].Top, Places[item].Bottom)
            : (_x[item] - left, tops[_layerOfAll[item]], tops[_layerOfAll[item]] + heights[_layerOfAll[item]])).ToArray())];
    }

    private (double[] Tops, double[] Heights) Rows()
    {
        double[] extra = _problem.ExtraAbove(_layerOf);
        var tops = new double[_layers.Count];
        var heights = new double[_layers.Count];
        double y = 0;
        for (int layer = 0; layer < _layers.Count; layer++)
        {
            heights[layer] = _layers[layer].Where(item => item < Boxes).Select(item => _problem.Sizes[item].Height).DefaultIfEmpty(0).Max();
            y += extra[layer] + (layer == 0 ? 0 : LayerGap);
            tops[layer] = y;
            y += heights[layer];
        }

        return (tops, heights);
    }

    private double Distance(int left, int right) =>
        (left < Boxes && right < Boxes ? Separation + _problem.ExtraSeparation(left, right)
            : left < Boxes || right < Boxes ? Separation : PointSeparation)
        + ((WidthOf(left) + WidthOf(right)) / 2);

    private double Pull(int item, int other)
    {
        if (item >= Boxes || other >= Boxes)
        {
            return item >= Boxes && other >= Boxes ? PointToPoint : BoxToPoint;
        }

        (int from, int to) = _layerOf[item] < _layerOf[other] ? (item, other) : (other, item);
        return _below[from].Count == 1 && _above[to].Count == 1 ? Chain : BoxToBox;
    }

    // Moves every item of a layer as near to its neighbours' middle as order and distances allow: regression under order
    // constraints, by pooling adjacent violators. sides: 1 looks up, 2 looks down, 3 both.
    private void PlaceLayer(List<int> layer, int sides)
    {
        var blocks = new List<(double Sum, double Weight, int Count)>();
        var offsets = new double[layer.Count];
        for (int i = 0; i < layer.Count; i++)
        {
            int item = layer[i];
            offsets[i] = i == 0 ? 0 : offsets[i - 1] + Distance(layer[i - 1], item);
            double sumOfWishes = 0;
            double weight = 0;
            foreach (int other in ((sides & 1) != 0 ? _above[item] : []).Concat((sides & 2) != 0 ? _below[item] : []))
            {
                double pull = Pull(item, other);
                sumOfWishes += pull * _x[other];
                weight += pull;
            }

            double wish = (weight == 0 ? _x[item] : sumOfWishes / weight) - offsets[i];
            weight = Math.Max(weight, 0.1);
            blocks.Add((wish * weight, weight, 1));
            while (blocks.Count > 1 && blocks[^2].Sum / blocks[^2].Weight > blocks[^1].Sum / blocks[^1].Weight)
            {
                (double sum, double total, int count) = blocks[^1];
                blocks.RemoveAt(blocks.Count - 1);
                blocks[^1] = (blocks[^1].Sum + sum, blocks[^1].Weight + total, blocks[^1].Count + count);
            }
        }

        int next = 0;
        foreach ((double sum, double weight, int count) in blocks)
        {
            for (int i = 0; i < count; i++, next++)
            {
                _x[layer[next]] = (sum / weight) + offsets[next];
            }
        }
    }
}
