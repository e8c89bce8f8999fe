using System.Reflection;
using Convoy.Client.Wire;

namespace Convoy.Server.Api;

public static class VersionEndpoints
{
    public static string Version { get; } = typeof(VersionEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static void MapVersion(this IEndpointRouteBuilder api) =>
        api.MapGet("/version", () => Results.Ok(new VersionView(Version, "v1"))).AllowAnonymous().Produces<VersionView>().WithSummary("The server's version");
}
