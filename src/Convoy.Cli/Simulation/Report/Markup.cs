using System.Globalization;
using System.Net;
using System.Xml;

namespace Convoy.Cli.Simulation.Report;

/// <summary>Text and numbers inside a page that is well-formed XML as well as HTML.</summary>
internal static class Markup
{
    /// <summary>For content and for attributes; what XML cannot hold is replaced.</summary>
    public static string Escaped(string text)
    {
        var isSound = true;
        for (var i = 0; i < text.Length && isSound; i++) isSound = XmlConvert.IsXmlChar(text[i]) || char.IsSurrogate(text[i]);
        return WebUtility.HtmlEncode(isSound ? text : string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\uFFFD')));
    }

    /// <summary>A coordinate, to a hundredth of a pixel.</summary>
    public static string Number(double number) => Math.Round(number, 2).ToString("0.##", CultureInfo.InvariantCulture);

    public static string Points(IEnumerable<(double X, double Y)> points) => string.Join(' ', points.Select(point => $"{Number(point.X)},{Number(point.Y)}"));
}
