using Convoy.Client.Wire;

namespace Convoy.Cli.Output;

internal static class NoticeText
{
    /// <summary>What holds up the whole platform, beside the data that was asked for.</summary>
    public static void Say(Call call, IReadOnlyList<NoticeView> notices)
    {
        foreach (var notice in notices) call.Say($"notice[{notice.Code}]: {Printable.Of(notice.Message)}");
    }
}
