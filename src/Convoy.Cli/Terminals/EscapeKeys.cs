namespace Convoy.Cli.Terminals;

internal enum EscapeAction
{
    None,
    Detach,
    Help,
}

/// <summary>Finds what is meant for us among what is typed, as ssh does: after Enter, <c>~.</c> detaches, <c>~?</c> helps, and <c>~~</c> is one <c>~</c>.</summary>
internal sealed class EscapeKeys
{
    private bool isLineStart = true;
    private bool hasTilde;

    /// <summary>What is left for the program, and what to do after it. Behind an action the rest of the keys is not looked at, but for <see cref="EscapeAction.Help"/>.</summary>
    public (byte[] Typed, EscapeAction Action) Take(ReadOnlySpan<byte> keys)
    {
        var typed = new List<byte>(keys.Length + 1);
        var action = EscapeAction.None;
        foreach (var key in keys)
        {
            if (hasTilde)
            {
                hasTilde = false;
                switch (key)
                {
                    case (byte)'.':
                        return ([.. typed], EscapeAction.Detach);
                    case (byte)'?':
                        action = EscapeAction.Help;
                        continue;
                    case (byte)'~':
                        break;
                    default:
                        typed.Add((byte)'~');
                        break;
                }
            }
            else if (isLineStart && key == (byte)'~')
            {
                hasTilde = true;
                continue;
            }

            typed.Add(key);
            isLineStart = key is (byte)'\r' or (byte)'\n';
        }

        return ([.. typed], action);
    }
}
