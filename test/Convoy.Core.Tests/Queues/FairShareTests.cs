using Convoy.Core.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Queues;

public sealed class FairShareTests
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    private static readonly QueueTree Company = Trees.Tree(
        new QueueSpec("vision", null, QueueOrdering.Fair, 2), new QueueSpec("lanes", "vision"), new QueueSpec("signs", "vision", QueueOrdering.Fair, 3),
        new QueueSpec("speech"), new QueueSpec("batch", null, QueueOrdering.Fifo), new QueueSpec("nightly", "batch"));

    private static readonly string[] QueueNames = ["default", "vision", "lanes", "signs", "speech", "batch", "nightly", "alice"];

    [Fact]
    public void Who_used_least_of_late_goes_first_and_is_forgiven_with_time()
    {
        var share = Share();
        var (alice, bob) = (share.UserOf("alice"), share.UserOf("bob"));
        Use(share, 0, alice, 8, 0, 7);
        Use(share, 0, bob, 8, 21, 23);
        At(share, 23).Compare(0, alice, 0, bob).ShouldBeLessThan(0);
        At(share, 7).Compare(0, alice, 0, share.UserOf("carol")).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_second_of_one_device_in_a_hundred_tells_two_people_apart()
    {
        var share = Share();
        var (alice, bob) = (share.UserOf("alice"), share.UserOf("bob"));
        share.Hold(0, alice, [1, 0], Epoch);
        share.Hold(0, alice, [-1, 0], Epoch.AddSeconds(1));
        At(share, 7).Compare(0, alice, 0, bob).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void What_is_held_now_counts_as_it_goes_on()
    {
        var share = Share();
        var (alice, bob) = (share.UserOf("alice"), share.UserOf("bob"));
        Use(share, 0, alice, 8, 0, 2);
        share.Hold(0, bob, [2, 0], Epoch.AddDays(2));
        At(share, 3).Compare(0, bob, 0, alice).ShouldBeLessThan(0);
        At(share, 30).Compare(0, bob, 0, alice).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_queue_of_twice_the_weight_may_use_twice_as_much()
    {
        var share = Share();
        var (alice, bob) = (share.UserOf("alice"), share.UserOf("bob"));
        var (vision, speech) = (Company.IdOf("vision"), Company.IdOf("speech"));
        Use(share, vision, alice, 15, 0, 1);
        Use(share, speech, bob, 8, 0, 1);
        At(share, 1).Compare(vision, alice, speech, bob).ShouldBeLessThan(0);
        Use(share, vision, alice, 2, 0, 1);
        At(share, 1).Compare(vision, alice, speech, bob).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_queue_in_submission_order_pays_no_heed_to_shares_below_it()
    {
        var share = Share();
        var (alice, bob) = (share.UserOf("alice"), share.UserOf("bob"));
        Use(share, Company.IdOf("nightly"), alice, 8, 0, 1);
        At(share, 1).Compare(Company.IdOf("nightly"), alice, Company.IdOf("batch"), bob).ShouldBe(0);
        share.Compare(Company.IdOf("batch"), bob, Company.IdOf("speech"), bob).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void The_scarcest_of_what_somebody_used_is_what_counts()
    {
        var share = Share();
        var (alice, bob) = (share.UserOf("alice"), share.UserOf("bob"));
        share.Hold(0, alice, [4, 0], Epoch);
        share.Hold(0, bob, [1, 80], Epoch);
        At(share, 1).Compare(0, alice, 0, bob).ShouldBeLessThan(0);
    }

    [Fact]
    public void It_is_a_total_order_and_agrees_with_the_formula() => Gen.Select(
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 3], Gen.Int[1, 9], Gen.Int[0, 30], Gen.Int[0, 20]).Array[0, 10], Gen.Int[0, 40]).Sample(
        (jobs, day) =>
        {
            var share = Share();
            foreach (var (queue, user, devices, from, days) in jobs) Use(share, Company.IdOf(QueueNames[queue]), share.UserOf($"u{user}"), devices, from, from + days);
            At(share, 50 + day);
            var all = QueueNames.SelectMany(queue => Enumerable.Range(0, 4).Select(user => (Queue: queue, User: user))).ToArray();
            foreach (var (a, b) in all.SelectMany(a => all.Select(b => (a, b))))
            {
                var order = Math.Sign(share.Compare(Company.IdOf(a.Queue), share.UserOf($"u{a.User}"), Company.IdOf(b.Queue), share.UserOf($"u{b.User}")));
                var difference = Keys(a.Queue, a.User).Zip(Keys(b.Queue, b.User), (x, y) => x - y).FirstOrDefault(each => Math.Abs(each) > 1e-10);
                if (difference != 0) order.ShouldBe(Math.Sign(difference));
            }

            var sorted = all.Order(Comparer<(string Queue, int User)>.Create((a, b) => share.Compare(Company.IdOf(a.Queue), share.UserOf($"u{a.User}"), Company.IdOf(b.Queue), share.UserOf($"u{b.User}")))).ToArray();
            for (var i = 0; i < sorted.Length; i++)
            {
                for (var j = i; j < sorted.Length; j++) share.Compare(Company.IdOf(sorted[i].Queue), share.UserOf($"u{sorted[i].User}"), Company.IdOf(sorted[j].Queue), share.UserOf($"u{sorted[j].User}")).ShouldBeLessThanOrEqualTo(0);
            }

            double[] Keys(string queue, int user) => queue switch
            {
                "vision" => [Used("vision", "lanes", "signs") / 2, ByUser(user), 0],
                "lanes" => [Used("vision", "lanes", "signs") / 2, Used("lanes"), ByUser(user)],
                "signs" => [Used("vision", "lanes", "signs") / 2, Used("signs") / 3, ByUser(user)],
                "speech" => [Used("speech"), ByUser(user), 0],
                "batch" or "nightly" => [Used("batch", "nightly"), 0, 0],
                _ => [ByUser(user), 0, 0],
            };

            double Used(params string[] queues) => jobs.Where(job => queues.Contains(QueueNames[job.Item1])).Sum(Weighed);
            double ByUser(int user) => jobs.Where(job => job.Item2 == user).Sum(Weighed);
            static double Weighed((int, int, int Devices, int From, int Days) job) => job.Devices / 100.0 * (Math.Pow(2, (job.From + job.Days - 90) / 7.0) - Math.Pow(2, (job.From - 90) / 7.0));
        },
        iter: 300);

    private static FairShare Share() => new(Company, 2, FairShare.DefaultHalfLife, Epoch);

    private static FairShare At(FairShare share, int day)
    {
        share.SetNow(Epoch.AddDays(day), [100, 1000]);
        return share;
    }

    private static void Use(FairShare share, int queue, int user, long devices, int fromDay, int toDay)
    {
        share.Hold(queue, user, [devices, 0], Epoch.AddDays(fromDay));
        share.Hold(queue, user, [-devices, 0], Epoch.AddDays(toDay));
    }
}
