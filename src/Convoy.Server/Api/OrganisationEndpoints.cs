using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server.Api;

/// <summary>The organisation's queues and levels as one document: given whole, checked whole, kept whole.</summary>
public static class OrganisationEndpoints
{
    public static void MapOrganisation(this IEndpointRouteBuilder api)
    {
        api.MapGet("/organisation", GetAsync).Asks(Permission.AdministerPeople).Produces<OrganisationView>().WithSummary("The organisation's queues and levels as administrators gave them");
        api.MapPut("/organisation", PutAsync).Asks(Permission.AdministerPeople).Accepts<Organisation>("application/json").Produces<OrganisationChangeView>().WithSummary("Give the organisation's queues, all of them, and levels")
            .Takes(("dryRun", "true: say what would change, and change nothing"), ("revision", "refused where the organisation has another one by now"));
    }

    private static async Task<IResult> GetAsync(IStore store, People people, CancellationToken cancellationToken)
    {
        var stored = await store.GetOrganisationAsync(cancellationToken);
        return Results.Ok(new OrganisationView(stored.Revision, stored.Organisation.Queues, (await people.PolicyAsync(cancellationToken)).Levels));
    }

    private static async Task<IResult> PutAsync(HttpContext http, IStore store, People people, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        var asked = http.Request.Query["revision"].ToString();
        var expected = 0L;
        if (asked.Length > 0 && !long.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out expected)) return Problems.BadRequest("BadRevision", $"revision is a number, not '{asked}'");
        var reading = OrganisationReader.ReadJson(await SpecBody.BytesAsync(http, cancellationToken));
        if (reading.Organisation is not { } organisation) return Problems.InvalidOrganisation(reading.Problems);
        if (await StrangersAsync(organisation, store, people, cancellationToken) is { Count: > 0 } strangers) return Problems.InvalidOrganisation(strangers);

        var before = await store.GetOrganisationAsync(cancellationToken);
        if (asked.Length > 0 && expected != before.Revision) return Moved(before.Revision);
        var isDry = http.Request.Query["dryRun"] == "true";
        var change = Difference(before, organisation, (await people.PolicyAsync(cancellationToken)).Levels, !isDry);
        if (isDry) return Results.Ok(change);
        if (await people.SaveOrganisationAsync(new StoredOrganisation(change.Revision, organisation), http.Caller().User, time.GetUtcNow(), cancellationToken) == CommitOutcome.Conflict) return Moved(change.Revision);
        scheduling.Wake();
        return Results.Ok(change);

        static IResult Moved(long revision) => Problems.Conflict("OrganisationChanged", $"somebody else has changed the organisation, which has revision {revision} now; look at it and try again");
    }

    /// <summary>Members that nobody is.</summary>
    private static async Task<IReadOnlyList<SpecProblem>> StrangersAsync(Organisation organisation, IStore store, People people, CancellationToken cancellationToken)
    {
        var problems = new List<SpecProblem>();
        for (var i = 0; i < organisation.Queues.Count; i++)
        {
            var members = organisation.Queues[i].Members ?? [];
            for (var j = 0; j < members.Count; j++)
            {
                if (members[j] == QueueSpec.Everybody || await people.FindAsync(members[j], cancellationToken) is not null) continue;
                var guess = NearestWord.To(members[j], (await store.ListUsersAsync("", 1000, cancellationToken)).Select(user => user.Name)) is { } near ? $"; did you mean '{near}'?" : "";
                problems.Add(new SpecProblem($"queues[{i}].members[{j}]", "NoSuchUser", $"there is no user '{members[j]}'{guess}"));
            }
        }

        return problems;
    }

    private static OrganisationChangeView Difference(StoredOrganisation before, Organisation after, IReadOnlyList<Level> levels, bool isApplied)
    {
        return new OrganisationChangeView(
            before.Revision + 1,
            isApplied,
            Names(before.Organisation.Queues, after.Queues, queue => queue.Name, queue => new Organisation([queue], [])),
            Names(levels, after.Levels, level => level.Name, level => new Organisation([], [level])) with { Removed = [] });

        // By what would be stored: records that hold lists are not equal by themselves.
        static NameChanges Names<T>(IReadOnlyList<T> old, IReadOnlyList<T> now, Func<T, string> name, Func<T, Organisation> alone)
        {
            var known = old.ToDictionary(name, one => alone(one).ToJson(), StringComparer.Ordinal);
            var names = now.Select(name).ToHashSet(StringComparer.Ordinal);
            return new NameChanges(
                [.. now.Select(name).Where(one => !known.ContainsKey(one))],
                [.. now.Where(one => known.TryGetValue(name(one), out var was) && !was.AsSpan().SequenceEqual(alone(one).ToJson())).Select(name)],
                [.. known.Keys.Where(one => !names.Contains(one))]);
        }
    }
}
