using Convoy.Client.Wire;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Server.Authentication;
using Convoy.Store;

namespace Convoy.Server.Api;

public static class PeopleEndpoints
{
    public static void MapPeople(this IEndpointRouteBuilder api)
    {
        api.MapGet("/whoami", WhoAmIAsync).Asks(Permission.SeePlatform).Produces<WhoAmIView>().WithSummary("Who the token belongs to");
        api.MapGet("/users", ListAsync).Asks(Permission.AdministerPeople).Produces<UserListView>().WithSummary("List users").TakesPaging("after");
        api.MapPost("/users", AddAsync).Asks(Permission.AdministerPeople).Produces<UserView>(201).WithSummary("Add a user");
        api.MapGet("/levels", ListLevelsAsync).Asks(Permission.SeePlatform).Produces<LevelListView>().WithSummary("List levels");
        api.MapPatch("/levels/{name}", UpdateLevelAsync).Asks(Permission.AdministerPeople).Produces<LevelView>().WithSummary("Change a level's caps, and whom its jobs may evict and make way for");
    }

    private static async Task<IResult> WhoAmIAsync(HttpContext http, People people, CancellationToken cancellationToken)
    {
        var user = (await people.FindAsync(http.Caller().User, cancellationToken))!;
        var token = http.Token();
        return Results.Ok(new WhoAmIView(user.Name, user.Level, user.IsAdministrator, token.Id, token.ExpiresAt));
    }

    private static async Task<IResult> ListAsync(HttpContext http, IStore store, CancellationToken cancellationToken)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var users = await store.ListUsersAsync(paging.From ?? "", paging.Limit, cancellationToken);
        return Results.Ok(new UserListView([.. users.Select(View)], users.Count == 0 ? null : paging.Next(users.Count, users[^1].Name)));
    }

    private static async Task<IResult> AddAsync(NewUserRequest request, IStore store, People people, ServerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!UserName.IsValid(request.Name)) return Problems.Invalid("BadName", "a user's name is a DNS label: 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit");
        if (request.Name == "default") return Problems.Invalid("BadName", "'default' is the name of everybody's queue; choose another name");
        var policy = await people.PolicyAsync(cancellationToken);
        var levels = policy.Levels;
        if (policy.Queues.Any(queue => queue.Name == request.Name)) return Problems.Invalid("BadName", $"'{request.Name}' is the name of a queue, and would be this person's own; choose another name, or add the queue after the person");
        var level = request.Level ?? "engineer";
        if (levels.All(l => l.Name != level)) return Problems.Invalid("NoSuchLevel", $"there is no level '{level}'; levels are {string.Join(", ", levels.Select(l => l.Name))}");
        if (!options.TrustTasks && !Environment.IsPrivilegedProcess)
        {
            return Problems.Of(403, "TasksNotIsolated", "this server does not run as root, so all tasks run under one uid and could read one another's files; run it as root, or start it with --trust-tasks if you trust everybody");
        }

        var user = await store.AddUserAsync(request.Name, level, request.Administrator, time.GetUtcNow(), cancellationToken);
        return user is null ? Problems.Conflict("UserExists", $"there is a user '{request.Name}' already") : Results.Created($"/api/v1/users/{user.Name}", View(user));
    }

    private static async Task<IResult> ListLevelsAsync(People people, CancellationToken cancellationToken) =>
        Results.Ok(new LevelListView([.. (await people.PolicyAsync(cancellationToken)).Levels.OrderBy(level => level.Rank).Select(View)], null));

    private static async Task<IResult> UpdateLevelAsync(string name, LevelUpdate update, People people, Loops.SchedulingLoop scheduling, CancellationToken cancellationToken)
    {
        var levels = (await people.PolicyAsync(cancellationToken)).Levels;
        if (levels.FirstOrDefault(l => l.Name == name) is not { } level) return Problems.NoSuch($"level '{name}'; levels are {string.Join(", ", levels.Select(l => l.Name))}");
        string[] caps = ["maxGpus", "maxGpusPerJob", "maxRunning", "maxSubmitted", "maxDuration", "maxStored"];
        var clear = update.Clear ?? [];
        if (clear.FirstOrDefault(cap => !caps.Contains(cap)) is { } unknown) return Problems.Invalid("NoSuchCap", $"there is no cap '{unknown}'; caps are {string.Join(", ", caps)}");
        if (new[] { update.MaxGpus, update.MaxGpusPerJob, update.MaxRunning, update.MaxSubmitted }.Any(cap => cap < 0)) return Problems.Invalid("BadCap", "a cap is a number of at least 0");
        TimeSpan longest = default;
        if (update.MaxDuration is not null && (!DurationText.TryParse(update.MaxDuration, out longest) || longest <= TimeSpan.Zero)) return Problems.Invalid("BadDuration", $"maxDuration is a duration such as 48h, not '{update.MaxDuration}'");
        var least = level.MinRunTime;
        if (update.MinRunTime is not null && !DurationText.TryParse(update.MinRunTime, out least)) return Problems.Invalid("BadDuration", $"minRunTime is a duration such as 10m, not '{update.MinRunTime}'");
        ByteSize stored = default;
        if (update.MaxStored is not null && !ByteSize.TryParse(update.MaxStored, out stored)) return Problems.Invalid("BadSize", $"maxStored is a size such as 10Ti, not '{update.MaxStored}'");
        var next = level with
        {
            MaxGpus = Next("maxGpus", update.MaxGpus, level.MaxGpus),
            MaxGpusPerJob = Next("maxGpusPerJob", update.MaxGpusPerJob, level.MaxGpusPerJob),
            MaxRunning = Next("maxRunning", update.MaxRunning, level.MaxRunning),
            MaxSubmitted = Next("maxSubmitted", update.MaxSubmitted, level.MaxSubmitted),
            MaxDuration = Next("maxDuration", update.MaxDuration is null ? null : longest, level.MaxDuration),
            MayPreempt = update.MayPreempt ?? level.MayPreempt,
            Preemptible = update.Preemptible ?? level.Preemptible,
            MinRunTime = least,
            MaxStored = Next("maxStored", update.MaxStored is null ? null : stored, level.MaxStored),
        };
        await people.SaveLevelAsync(next, cancellationToken);
        scheduling.Wake();
        return Results.Ok(View(next));

        T? Next<T>(string cap, T? wanted, T? now)
            where T : struct => wanted ?? (clear.Contains(cap) ? null : now);
    }

    private static UserView View(User user) => new(user.Name, user.Level, user.IsAdministrator, user.CreatedAt);

    private static LevelView View(Level level) => new(
        level.Name, level.Rank, level.MaxGpus, level.MaxGpusPerJob, level.MaxRunning, level.MaxSubmitted, level.MaxDuration is { } longest ? DurationText.Format(longest) : null,
        level.MayPreempt, level.Preemptible, DurationText.Format(level.MinRunTime))
    {
        MaxStored = level.MaxStored?.ToString(),
    };
}
