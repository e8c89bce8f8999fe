namespace Convoy.Cli.Output;

/// <summary>Dots, two by four to a character (Unicode's block of Braille patterns). A cell has the colour of what was drawn in it last.</summary>
internal sealed class BrailleCanvas(int width, int height)
{
    private const int DotsAcross = 2;
    private const int DotsDown = 4;
    private const char Blank = '\u2800';

    /// <summary>The bits of a pattern by row and column.</summary>
    private static readonly int[] Bits = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

    private readonly int[] patterns = new int[height * width];
    private readonly int[] pens = new int[height * width];

    public int Columns => width * DotsAcross;

    public int Rows => height * DotsDown;

    /// <summary>From dot to dot, counted from the upper left.</summary>
    public void Line(int x, int y, int toX, int toY, int pen)
    {
        // Bresenham's algorithm in all directions.
        var (across, down) = (Math.Abs(toX - x), -Math.Abs(toY - y));
        var (stepX, stepY) = (x < toX ? 1 : -1, y < toY ? 1 : -1);
        var error = across + down;
        while (true)
        {
            Dot(x, y, pen);
            if (x == toX && y == toY) return;
            var twice = 2 * error;
            if (twice >= down) (error, x) = (error + down, x + stepX);
            if (twice <= across) (error, y) = (error + across, y + stepY);
        }
    }

    /// <param name="paint">Colours a character by its pen.</param>
    public string Row(int row, Func<int, string, string> paint)
    {
        var line = new System.Text.StringBuilder(width);
        for (var column = 0; column < width; column++)
        {
            var cell = (row * width) + column;
            line.Append(patterns[cell] == 0 ? " " : paint(pens[cell], ((char)(Blank + patterns[cell])).ToString()));
        }

        return line.ToString();
    }

    private void Dot(int x, int y, int pen)
    {
        var cell = (y / DotsDown * width) + (x / DotsAcross);
        patterns[cell] |= Bits[(y % DotsDown * DotsAcross) + (x % DotsAcross)];
        pens[cell] = pen;
    }
}
