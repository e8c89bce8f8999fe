namespace Convoy.Client.Wire;

public sealed record WhoAmIView(string Name, string Level, bool Administrator, string TokenId, DateTimeOffset? TokenExpiresAt, int SchemaVersion = 1);

public sealed record NewUserRequest(string Name, string? Level, bool Administrator = false);

public sealed record UserView(string Name, string Level, bool Administrator, DateTimeOffset CreatedAt, int SchemaVersion = 1);

public sealed record UserListView(IReadOnlyList<UserView> Items, string? Next, int SchemaVersion = 1) : IListView<UserView>;

/// <param name="User">Null means the caller.</param>
/// <param name="Expires">A duration such as <c>30d</c>; null means never.</param>
public sealed record NewTokenRequest(string? User, string? Expires, string? Label);

/// <param name="Token">Shown once; the server keeps only its hash.</param>
public sealed record NewTokenView(string Token, string Id, string User, DateTimeOffset? ExpiresAt, int SchemaVersion = 1)
{
    /// <summary>Without the token: it must not reach a log.</summary>
    public override string ToString() => $"{Id} of {User}";
}

public sealed record TokenView(string Id, string User, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, string? Label);

public sealed record TokenListView(IReadOnlyList<TokenView> Items, string? Next, int SchemaVersion = 1) : IListView<TokenView>;

/// <summary>Null caps are no caps.</summary>
/// <param name="MaxDuration">A duration such as <c>48h</c>.</param>
/// <param name="MayPreempt">Whether its jobs may evict those of lower levels.</param>
/// <param name="Preemptible">Whether its jobs may be evicted.</param>
/// <param name="MinRunTime">How long its jobs run undisturbed by a higher level; a duration such as <c>10m</c>.</param>
public sealed record LevelView(
    string Name,
    int Rank,
    int? MaxGpus,
    int? MaxGpusPerJob,
    int? MaxRunning,
    int? MaxSubmitted,
    string? MaxDuration,
    bool MayPreempt,
    bool Preemptible,
    string MinRunTime,
    int SchemaVersion = 1)
{
    /// <summary>Of all data sets of one person; a size such as <c>10Ti</c>.</summary>
    public string? MaxStored { get; init; }
}

public sealed record LevelListView(IReadOnlyList<LevelView> Items, string? Next, int SchemaVersion = 1) : IListView<LevelView>;

/// <summary>Body of <c>PATCH /api/v1/levels/{name}</c>: what is null stays as it is.</summary>
/// <param name="Clear">Names of caps to remove, such as <c>maxGpus</c>.</param>
public sealed record LevelUpdate(int? MaxGpus, int? MaxGpusPerJob, int? MaxRunning, int? MaxSubmitted, string? MaxDuration, IReadOnlyList<string>? Clear)
{
    public bool? MayPreempt { get; init; }

    public bool? Preemptible { get; init; }

    public string? MinRunTime { get; init; }

    /// <summary>A size such as <c>10Ti</c>.</summary>
    public string? MaxStored { get; init; }
}
