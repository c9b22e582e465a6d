using ReproTorch.Reporting;

namespace ReproTorch.Core.Tests.Reporting;

public class HtmlWriterTests
{
    [Theory]
    [InlineData("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d")]
    [InlineData("\"it's\"", "&quot;it&#39;s&quot;")]
    [InlineData("\u0000\u001b\u0085", @"\u{0000}\u{001B}\u{0085}")]
    [InlineData("\u202Eevil\u2066", @"\u{202E}evil\u{2066}")]
    [InlineData("zero\u200Bwidth\uFEFF", @"zero\u{200B}width\u{FEFF}")]
    [InlineData("line\u2028end\u2029", @"line\u{2028}end\u{2029}")]
    [InlineData("a\r\nb\tc", "a\\u{000D}\nb\tc")]
    [InlineData("\uFFFF\U0001FFFE", @"\u{FFFF}\u{1FFFE}")]
    [InlineData("größe 漢字 🙂", "größe 漢字 🙂")]
    public void EscapesTextAndAttributesAlike(string text, string expected)
    {
        var html = new HtmlWriter();
        html.Element("b", text, ("title", text));
        Assert.Equal($"<!DOCTYPE html>\n<b title=\"{expected}\">{expected}</b>", html.ToString());
    }

    [Fact]
    public void ReplacesHalfSurrogates()
    {
        var html = new HtmlWriter();
        html.Text("\uD800x\uDC00");
        Assert.Equal("<!DOCTYPE html>\n\uFFFDx\uFFFD", html.ToString());
    }

    [Fact]
    public void LeavesOutAttributesWithoutAValue()
    {
        var html = new HtmlWriter();
        html.Empty("rect", ("x", "1"), ("class", null));
        Assert.Equal("<!DOCTYPE html>\n<rect x=\"1\"/>", html.ToString());
    }

    [Fact]
    public void RefusesToGiveAPageWithAnOpenElement()
    {
        var html = new HtmlWriter();
        html.Open("p");
        Assert.Contains("<p>", Assert.Throws<InvalidOperationException>(html.ToString).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesToCloseFromTheOutsideIn()
    {
        var html = new HtmlWriter();
        HtmlWriter.Scope outer = html.Open("div");
        html.Open("p");
        Assert.Throws<InvalidOperationException>(() => outer.Dispose());
    }

    [Fact]
    public void RefusesAStyleThatCouldEndItself() =>
        Assert.Throws<ArgumentException>(() => new HtmlWriter().Style("p { } </style>"));
}
