using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;
using Convoy.Core.Resources;

namespace Convoy.Cli.Verbs;

internal static class DatasetReplicateVerb
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private static readonly Listing<ReplicationView, ReplicationView> Copies = Listing.Of(
        Rendering.Indented.ReplicationView,
        copy => $"{copy.Version}:{copy.Store}",
        new("VERSION", copy => copy.Version),
        new("STORE", copy => copy.Store),
        new("STATE", copy => copy.State),
        new("THERE", copy => Percent(copy)) { IsRight = true },
        new("SIZE", copy => Spans.Bytes(copy.Bytes)) { IsRight = true, CsvCell = copy => copy.Bytes.ToString(CultureInfo.InvariantCulture) },
        new("LEFT", copy => copy.LeftS is { } left && copy.State == "Copying" ? Spans.Of(TimeSpan.FromSeconds(left)) : null) { IsRight = true, In = Forms.People },
        Column.DataTime<ReplicationView>("wholeAt", copy => copy.WholeAt),
        new("PROBLEM", copy => copy.Problem?.Said()));

    public static Verb Build()
    {
        var dataset = DatasetVerbs.Reference();
        var to = Options.Text("--to", "STORE", "The store that is to have it; left out: show where copies are");
        var within = Options.Duration("--within", "How soon after its publication each later version is to be there, such as 1h (default: at once)");
        var once = Options.Switch("--once", "This version alone, and none that follows");
        var stop = Options.Switch("--stop", "Copy no more versions to --to; what is there stays");
        var dryRun = Options.Switch("--dry-run", "Say what would travel and what that costs, and do nothing");
        var wait = Options.Switch("--wait", "Show how far it is, and return when it is whole there");
        var yes = Options.Switch("--yes", "Do not ask, though it costs something", "-y");
        var listing = new ListOptions();
        return new Verb("replicate", "Keep copies of a data set in another object store, and show where they are")
        {
            Examples = ["convoy dataset replicate kitti", "convoy dataset replicate kitti --to east --dry-run", "convoy dataset replicate kitti --to east --within 1h --wait", "convoy dataset replicate kitti@v3 --to attic --once", "convoy dataset replicate kitti --to east --stop"],
            SeeAlso = ["dataset stores"],
            Arguments = { dataset },
            Options = { to, within, once, stop, dryRun, wait, yes, listing.Limit, listing.After, listing.Format },
            Body = async (call, cancellationToken) =>
            {
                var meant = DatasetVerbs.Parse(call.Get(dataset));
                var calls = call.Client.Datasets;
                if (call.Get(to) is not { } store)
                {
                    if (call.Get(once) || call.Get(stop) || call.Get(dryRun) || call.Get(wait) || call.Get(within) is not null) throw CommandException.Usage("--to STORE is missing; `convoy dataset stores` shows them");
                    var code = await Copies.WriteAsync(call, listing, (size, from) => calls.ListReplicationsAsync(meant.Name.Value, from, size, cancellationToken));
                    var first = await calls.ListReplicationsAsync(meant.Name.Value, null, 1, cancellationToken);
                    foreach (var policy in first.Policies) call.Say($"every version that is published goes to {policy.Store}, within {policy.Within}");
                    if (first.Policies.Count == 0 && first.Items.Count == 0) call.Say($"no copies of {meant.Name} were asked for; `convoy dataset stores` shows where they could be");
                    return code;
                }

                if (call.Get(stop))
                {
                    await calls.StopReplicationAsync(meant.Name.Value, store, cancellationToken);
                    call.Say($"no more versions of {meant.Name} are copied to {store}; what is there stays");
                    return ExitCodes.Success;
                }

                var request = new ReplicationRequest(store, meant.Wanted, call.Get(within) is { } soon ? DurationText.Format(soon) : null, call.Get(once), DryRun: true);
                var plan = await calls.ReplicateAsync(meant.Name.Value, request, cancellationToken);
                if (call.Get(dryRun)) return Write(call, call.Get(listing.Format), plan, isWhole: false);
                call.Say(Told(plan));
                if (plan.Cost > 0 && !call.Get(yes))
                {
                    if (Console.IsInputRedirected) throw new CommandException(ExitCodes.Usage, "NotConfirmed", "nothing is copied: it costs something; give --yes");
                    call.Say($"copy it? [y/N]");
                    if ((await Console.In.ReadLineAsync(cancellationToken))?.Trim() is not ("y" or "Y" or "yes")) throw new CommandException(ExitCodes.Usage, "NotConfirmed", "nothing is copied; answer y, or give --yes");
                }

                plan = await calls.ReplicateAsync(meant.Name.Value, request with { DryRun = false }, cancellationToken);
                if (call.Get(wait)) await WaitAsync(call, plan, cancellationToken);
                return Write(call, call.Get(listing.Format), plan, isWhole: call.Get(wait));
            },
        };
    }

    public static Verb Stores()
    {
        var format = Options.Format("table", "json", "yaml");
        return new Verb("stores", "List the object stores in which data sets may lie, and what it costs to read from them elsewhere")
        {
            Examples = ["convoy dataset stores"],
            SeeAlso = ["dataset replicate"],
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var stores = await call.Client.Datasets.StoresAsync(cancellationToken);
                return call.Write(call.Get(format), stores, Rendering.Indented.ObjectStoreListView, _ =>
                {
                    var table = new TextTable("NAME", "REGION", "PRICE/GB OUT", "LOCKED", "NOTE").AlignRight(2);
                    foreach (var store in stores.Items) table.Add(store.Name, store.Region ?? "", store.PriceOut.ToString("0.####", CultureInfo.InvariantCulture), store.Lock ?? "", Note(store).Said());
                    table.Write(call.Output);
                });
            },
        };
    }

    private static Text Note(ObjectStoreView store) => (store.IsHome, store.IsNear) switch
    {
        (true, true) => "what is published comes here, and the local cluster reads here",
        (true, false) => "what is published comes here",
        (false, true) => "the local cluster reads here",
        _ => Text.None,
    };

    private static int Write(Call call, string? format, ReplicationPlanView plan, bool isWhole) =>
        call.Write(format == "csv" ? "table" : format, plan, Rendering.Indented.ReplicationPlanView, _ => call.Output.Tell(isWhole ? $"{plan.Dataset}@{plan.Version} is whole in {plan.Store}" : plan.IsBegun ? $"{plan.Dataset}@{plan.Version} is being copied to {plan.Store}" : Told(plan)));

    private static Text Told(ReplicationPlanView plan) =>
        $"{plan.Dataset}@{plan.Version} to {plan.Store}: {Spans.Count(plan.MissingPacks, "pack")} of {plan.Packs} travel, {Spans.Bytes(plan.MissingBytes)} of {Spans.Bytes(plan.Bytes)}, for {plan.Cost.ToString("0.00", CultureInfo.InvariantCulture)}";

    private static async Task WaitAsync(Call call, ReplicationPlanView plan, CancellationToken cancellationToken)
    {
        var bar = new ProgressBar(call, Text.Of("copying").Said(), plan.Bytes);
        try
        {
            while (true)
            {
                if (await FindAsync(call, plan, cancellationToken) is not { } copy) throw new CommandException(ExitCodes.NotFound, "NotCopied", $"{plan.Dataset}@{plan.Version} is not copied to {plan.Store} any more: it was deleted, or that was stopped");
                if (copy.WholeAt is not null) return;
                bar.Show(copy.CopiedBytes, () => copy.Problem is { } problem ? problem : $"{Spans.Bytes(copy.CopiedBytes)} of {Spans.Bytes(copy.Bytes)}");
                await Task.Delay(BetweenLooks, call.Time, cancellationToken);
            }
        }
        finally
        {
            bar.Clear();
        }
    }

    private static async Task<ReplicationView?> FindAsync(Call call, ReplicationPlanView plan, CancellationToken cancellationToken)
    {
        for (string? from = null; ;)
        {
            var page = await call.Client.Datasets.ListReplicationsAsync(plan.Dataset, from, null, cancellationToken);
            if (page.Items.FirstOrDefault(copy => copy.Version == plan.Version && copy.Store == plan.Store) is { } found) return found;
            if (page.Next is null) return null;
            from = page.Next;
        }
    }

    private static string Percent(ReplicationView copy) => string.Create(CultureInfo.InvariantCulture, $"{(copy.Bytes == 0 ? 100 : (long)((Int128)copy.CopiedBytes * 100 / copy.Bytes))}%");
}
