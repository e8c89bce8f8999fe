using Convoy.Client.Wire;

namespace Convoy.Server.Api;

public static class Notices
{
    public static IReadOnlyList<NoticeView> Of(Restraints restraints) => [.. restraints.All.Select(restraint => new NoticeView(restraint.Code, restraint.Message))];
}
