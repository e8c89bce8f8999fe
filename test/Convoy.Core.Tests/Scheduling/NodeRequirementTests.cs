using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Core.Scheduling.Checking;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>What labels and taints mean, and that everything which looks for a place respects them.</summary>
public sealed class NodeRequirementTests
{
    private static readonly Taint Red = new("team", "red");

    private static readonly NodeRequirement InZoneA = Asked(new LabelExpression("zone", LabelOperator.In, ["a"]));

    [Theory]
    [InlineData("zone", LabelOperator.In, "a,b", true)]
    [InlineData("zone", LabelOperator.In, "b", false)]
    [InlineData("zone", LabelOperator.In, "", false)]
    [InlineData("none", LabelOperator.In, "a", false)]
    [InlineData("zone", LabelOperator.NotIn, "b", true)]
    [InlineData("zone", LabelOperator.NotIn, "a", false)]
    [InlineData("none", LabelOperator.NotIn, "a", true)]
    [InlineData("zone", LabelOperator.Exists, "", true)]
    [InlineData("none", LabelOperator.Exists, "", false)]
    [InlineData("zone", LabelOperator.DoesNotExist, "", false)]
    [InlineData("none", LabelOperator.DoesNotExist, "", true)]
    [InlineData("cores", LabelOperator.Gt, "9", true)]
    [InlineData("cores", LabelOperator.Gt, "64", false)]
    [InlineData("cores", LabelOperator.Lt, "100", true)]
    [InlineData("cores", LabelOperator.Lt, "64", false)]
    [InlineData("cores", LabelOperator.Gt, "9,10", false)]
    [InlineData("cores", LabelOperator.Gt, "x", false)]
    [InlineData("zone", LabelOperator.Gt, "0", false)]
    [InlineData("none", LabelOperator.Lt, "9", false)]
    [InlineData("metadata.name", LabelOperator.In, "n0,n1", true)]
    [InlineData("metadata.name", LabelOperator.NotIn, "n0", false)]
    public void An_expression_means_what_it_means_in_Kubernetes(string key, LabelOperator @operator, string values, bool holds) =>
        Asked(new LabelExpression(key, @operator, values.Length == 0 ? [] : values.Split(','))).Allows(Node("n0", ("zone", "a"), ("cores", "64")), usesDevices: true).ShouldBe(holds);

    [Fact]
    public void One_term_must_hold_with_all_of_its_expressions_and_one_without_any_holds_nowhere()
    {
        var (isA, isB, isNew) = (new LabelExpression("zone", LabelOperator.In, ["a"]), new LabelExpression("zone", LabelOperator.In, ["b"]), new LabelExpression("new", LabelOperator.Exists, []));
        var node = Node("n0", ("zone", "a"));
        Allows([[isB], [isA]]).ShouldBeTrue();
        Allows([[isA, isNew]]).ShouldBeFalse();
        Allows([[isA, isNew], [isA]]).ShouldBeTrue();
        Allows([[]]).ShouldBeFalse();
        Allows([]).ShouldBeTrue();

        bool Allows(LabelExpression[][] anyOf) => new NodeRequirement(anyOf, null).Allows(node, usesDevices: false);
    }

    [Theory]
    [InlineData("team", "red", TolerationOperator.Equal, true)]
    [InlineData("team", "blue", TolerationOperator.Equal, false)]
    [InlineData("team", null, TolerationOperator.Equal, false)]
    [InlineData("team", null, TolerationOperator.Exists, true)]
    [InlineData("other", null, TolerationOperator.Exists, false)]
    [InlineData(null, null, TolerationOperator.Exists, true)]
    [InlineData(null, "red", TolerationOperator.Equal, false)]
    public void A_taint_keeps_away_who_does_not_tolerate_it(string? key, string? value, TolerationOperator @operator, bool holds) =>
        new NodeRequirement([], [new Toleration(key, value, @operator)]).Allows(Tainted("n0", Red), usesDevices: false).ShouldBe(holds);

    [Fact]
    public void Every_taint_has_to_be_tolerated_and_a_preference_by_nobody()
    {
        var red = new NodeRequirement([], [new Toleration("team", "red", TolerationOperator.Equal)]);
        red.Allows(Tainted("n0", Red, new Taint("other", "")), usesDevices: false).ShouldBeFalse();
        red.Allows(Tainted("n0", Red, new Taint("other", "", IsPreference: true)), usesDevices: false).ShouldBeTrue();
    }

    /// <summary>Clusters keep nodes with devices from who needs none by such taints.</summary>
    [Fact]
    public void Convoys_own_tasks_tolerate_what_marks_Convoys_nodes_and_with_devices_what_marks_nodes_with_devices()
    {
        foreach (var resource in new[] { "nvidia.com/gpu", "amd.com/gpu", "huawei.com/Ascend910" })
        {
            NodeRequirement.None.Allows(Tainted("n0", new Taint(resource, "present")), usesDevices: true).ShouldBeTrue();
            NodeRequirement.None.Allows(Tainted("n0", new Taint(resource, "present")), usesDevices: false).ShouldBeFalse();
        }

        NodeRequirement.None.Allows(Tainted("n0", new Taint("convoy.dev/dedicated", "yes")), usesDevices: false).ShouldBeTrue();
        NodeRequirement.None.Allows(Tainted("n0", Red), usesDevices: true).ShouldBeFalse();

        // Pods of others bear what they say, and nothing else.
        new NodeRequirement([], []).Allows(Tainted("n0", new Taint("nvidia.com/gpu", "present")), usesDevices: true).ShouldBeFalse();
    }

    [Fact]
    public void The_checker_evaluates_by_itself_and_comes_to_the_same() => Gen.Select(Marks.Any, Marks.Requirement, Gen.Int[0, 1]).Sample((marks, requirement, gpus) =>
    {
        if (marks is null) return;
        var role = new RoleDemand("worker", 1, 1, new ResourceVector(1000, 0, gpus), []) { Requirement = requirement };
        foreach (var node in marks.On([.. Enumerable.Range(0, 4).Select(i => Worlds.Node($"n{i}", 2))])) Landing.IsAllowed(role, node).ShouldBe(requirement.Allows(node, role.UsesDevices));
    }, iter: 5_000);

    [Fact]
    public void Requirements_that_ask_for_the_same_are_equal() => Gen.Select(Marks.Requirement, Marks.Requirement).Sample((one, other) =>
    {
        var copy = new NodeRequirement([.. one.AnyOf.Select(term => term.Select(each => each with { Values = [.. each.Values] }).ToArray())], one.Tolerations?.ToArray());
        (copy.Equals(one), copy.GetHashCode() == one.GetHashCode()).ShouldBe((true, true));
        other.Equals(one).ShouldBe($"{other} {other.AnyOf.Count}" == $"{one} {one.AnyOf.Count}");
    }, iter: 5_000);

    [Fact]
    public void A_cluster_tells_labels_and_taints_of_its_nodes()
    {
        var seen = new NodeObservation("n0", NodeHealth.Ready, 1000, 1, null, [], false) { Labels = new Dictionary<string, string> { ["zone"] = "a" }, Taints = [Red] };
        var node = Core.Scheduling.Node.Of("local", seen);
        (node.Labels, node.Taints).ShouldBe((seen.Labels, seen.Taints));
    }

    [Fact]
    public void A_gang_goes_where_it_may_and_waits_with_the_numbers_of_those_nodes_alone()
    {
        Node[] nodes = [Node("n0"), Node("n1", ("zone", "a")), Tainted("n2", Red)];
        Plan(nodes, [Asking(1, 1, 8)]).Gangs.Single().Tasks.Single().Node.ShouldBe("n1");
        var plan = Plan(nodes, [Asking(1, 1, 8), Asking(2, 1, 4)]);
        var reason = plan.Waiting.Single().Reason;
        (reason.Token, reason.Needed, reason.Free, reason.LargestFreeBlock).ShouldBe((WaitingToken.InsufficientResources, 4, 0, 0));

        // Nobody may be on n2, and a gang of two by itself cannot be wholly in zone a.
        Plan(nodes, [Worlds.Pending(1, 3, 8)]).Waiting.Single().Reason.Token.ShouldBe(WaitingToken.Infeasible);
        Plan(nodes, [Worlds.Pending(1, 2, 8)]).Gangs.Single().Tasks.Select(task => task.Node).ShouldBe(["n0", "n1"], ignoreOrder: true);
    }

    [Fact]
    public void Roles_of_one_gang_may_ask_for_different_nodes()
    {
        Node[] nodes = [Node("n0", ("zone", "a")), Node("n1", ("zone", "b"))];
        var job = Worlds.Pending(1, 1, 2);
        RoleDemand Of(string name, string zone) => job.Roles[0] with { Role = name, Requirement = Asked(new LabelExpression("zone", LabelOperator.In, [zone])) };
        Plan(nodes, [job with { Roles = [Of("master", "b"), Of("worker", "a")] }]).Gangs.Single().Tasks.Select(task => (task.Role, task.Node)).ShouldBe([("master", "n1"), ("worker", "n0")]);
    }

    [Fact]
    public void What_no_node_allows_in_any_state_is_infeasible()
    {
        Node[] nodes = [Node("n0"), Node("n1", ("zone", "a")) with { Health = NodeHealth.Draining }];
        new Feasibility(nodes).FitsEmpty(Asking(1, 1, 8)).ShouldBeTrue();
        new Feasibility(nodes).FitsEmpty(Asking(1, 2, 8)).ShouldBeFalse();
        new Feasibility([nodes[0]]).FitsEmpty(Asking(1, 1, 1)).ShouldBeFalse();
        new Feasibility([Tainted("n0", Red)]).FitsEmpty(Worlds.Pending(1, 1, 1)).ShouldBeFalse();
    }

    [Fact]
    public void Nobody_is_evicted_from_a_node_on_which_the_other_may_not_be()
    {
        Node[] nodes = [Node("n0"), Node("n1", ("zone", "a"))];
        var senior = Asking(9, 1, 8, "senior");
        Plan(nodes, [senior], Running(1, "n0", 8), Running(2, "n1", 8)).Evictions.Single().Victim.ShouldBe(Worlds.Standing(2).Id);
        Plan([nodes[0], Tainted("n1", Red)], [senior], Running(1, "n0", 8), Running(2, "n1", 8)).Evictions.ShouldBeEmpty();
    }

    /// <summary>Beyond the few of whom every set is weighed.</summary>
    [Fact]
    public void Among_many_the_victims_are_on_nodes_on_which_the_other_may_be()
    {
        Node[] nodes = [.. Enumerable.Range(0, 20).Select(i => i == 13 ? Node($"n{i}", ("zone", "a")) : Node($"n{i}"))];
        Plan(nodes, [Asking(99, 1, 8, "senior")], [.. Enumerable.Range(0, 20).Select(i => Running(i, $"n{i}", 8))]).Evictions.Single().Victim.ShouldBe(Worlds.Standing(13).Id);
    }

    [Fact]
    public void An_elastic_job_grows_only_where_it_may()
    {
        Node[] nodes = [Node("n0", ("zone", "a")), Node("n1")];
        var elastic = ElasticityTests.Elastic(1, min: 2, places: 4, max: 12);
        elastic = elastic with { Roles = [elastic.Roles[0] with { Requirement = InZoneA }] };
        Plan(nodes, [], elastic).Resizes.Single().Tasks.Select(task => task.Node).ShouldBe(Enumerable.Repeat("n0", 8));
        var pending = Asking(2, 1, 2);
        Plan(nodes, [pending with { Roles = [pending.Roles[0] with { Max = 12 }] }]).Gangs.Single().Tasks.Select(task => task.Node).ShouldBe(Enumerable.Repeat("n0", 4));
    }

    [Fact]
    public void Who_makes_room_by_moving_goes_only_where_it_may()
    {
        var fixedJob = Running(1, "n0", 4) with { Preemptible = false };
        RunningJob Mover(NodeRequirement requirement) => Running(2, "n1", 4) with { Roles = [new RoleDemand("worker", 1, 1, new(1000, 0, 4), []) { Requirement = requirement }] };
        Node[] nodes = [Node("n0"), Node("n1", ("zone", "a"))];
        Plan(nodes, [Worlds.Pending(9, 1, 8, "bob")], fixedJob, Mover(NodeRequirement.None)).Resizes.Single().Tasks.Single().Node.ShouldBe("n0");
        Plan(nodes, [Worlds.Pending(9, 1, 8, "bob")], fixedJob, Mover(InZoneA)).Resizes.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_promised_is_where_the_job_may_be_and_no_longer_once_it_may_not()
    {
        Node[] nodes = [Node("n0"), Node("n1", ("zone", "a")), Node("n2", ("zone", "a"))];
        var job = Asking(9, 1, 8);
        RunningJob Ends(int sequence, string node, int hours) => Running(sequence, node, 8) with { MaxDuration = TimeSpan.FromHours(hours + 1) };
        RunningJob[] running = [Ends(1, "n0", 1), Ends(2, "n1", 3), Ends(3, "n2", 5)];
        var promise = Plan(nodes, [job], running).Reservations.Single();
        (promise.Gang.Tasks.Single().Node, promise.From).ShouldBe(("n1", Worlds.Now + TimeSpan.FromHours(3)));

        nodes[1] = nodes[1] with { Taints = [Red] };
        Plan(nodes, [job with { Promised = promise }], running).Reservations.Single().Gang.Tasks.Single().Node.ShouldBe("n2");
    }

    [Fact]
    public void What_would_help_is_of_nodes_on_which_the_job_may_be()
    {
        Node[] nodes = [Node("n0"), Node("n1", ("zone", "a"), ("kubernetes.io/hostname", "n1"))];
        var world = new PlanningCase(Worlds.Snapshot(nodes, [Asking(9, 2, 8)]), Worlds.Policy, Worlds.Now);
        (RemedySearch.Find(world, world.Snapshot.Pending[0].Standing.Id, [], Scheduler.Plan) is Remedy.Tasks { Min: 1 }).ShouldBeTrue();
        var one = new PlanningCase(Worlds.Snapshot(nodes, [Asking(9, 1, 1)], Running(1, "n1", 8) with { Preemptible = false }), Worlds.Policy, Worlds.Now);
        (RemedySearch.Find(one, one.Snapshot.Pending[0].Standing.Id, [], Scheduler.Plan) is Remedy.MoreNodes { Count: 1, Like.Name: "n1" }).ShouldBeTrue();
        new Remedy.MoreNodes(nodes[1], 1).In(one, default).Snapshot.Nodes[^1].Labels["kubernetes.io/hostname"].ShouldBe("n1+1");
    }

    [Fact]
    public void A_plan_that_ignores_labels_or_taints_is_noticed_and_so_is_a_job_that_waits_beside_a_node_that_it_may_use()
    {
        Node[] nodes = [Node("n0"), Node("n1", ("zone", "a")), Tainted("n2", Red)];
        var snapshot = Worlds.Snapshot(nodes, [Asking(1, 1, 8)]);
        var plan = Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now);
        PlanChecker.Violations(snapshot, Worlds.Policy, plan, Worlds.Now).ShouldBeEmpty();
        foreach (var wrong in new[] { "n0", "n2" })
        {
            var moved = plan with { Gangs = [plan.Gangs[0] with { Tasks = [plan.Gangs[0].Tasks[0] with { Node = wrong }] }] };
            PlanChecker.Check(snapshot, Worlds.Policy, moved, Worlds.Now).Violations.ShouldContain(violation => violation.Guarantee == 12);
        }

        var idle = plan with { Gangs = [], Waiting = [new WaitingJob(plan.Gangs[0].Job, new WaitingReason(WaitingToken.InsufficientResources, WaitingUnit.Devices, 8, 0, 0, 0))] };
        PlanChecker.Violations(snapshot, Worlds.Policy, idle, Worlds.Now).ShouldContain(violation => violation.Guarantee == 10);
        var away = snapshot with { Nodes = [nodes[0], nodes[2]] };
        PlanChecker.Violations(away, Worlds.Policy, idle with { Waiting = [new WaitingJob(plan.Gangs[0].Job, new WaitingReason(WaitingToken.Infeasible, WaitingUnit.Devices, 8, 0, 0, 0))] }, Worlds.Now).ShouldBeEmpty();
    }

    [Fact]
    public void Jobs_are_of_one_shape_only_where_they_ask_for_the_same_nodes()
    {
        Node[] nodes = [Node("n0", ("zone", "b")), Node("n1", ("zone", "a"))];
        var plan = Plan(nodes, [Asking(1, 1, 8), Asking(2, 1, 8), Worlds.Pending(3, 1, 8)]);
        plan.Gangs.Select(gang => gang.Job).ShouldBe([Worlds.Standing(1).Id, Worlds.Standing(3).Id]);
    }

    private static NodeRequirement Asked(LabelExpression expression) => new([[expression]], null);

    private static Node Node(string name, params (string Key, string Value)[] labels) => Worlds.Node(name, 8) with { Labels = labels.ToDictionary(label => label.Key, label => label.Value) };

    private static Node Tainted(string name, params Taint[] taints) => Worlds.Node(name, 8) with { Taints = taints };

    private static PendingJob Asking(int sequence, int tasks, int gpus, string level = "engineer")
    {
        var job = Worlds.Pending(sequence, tasks, gpus, level: level);
        return job with { Roles = [job.Roles[0] with { Requirement = InZoneA }] };
    }

    private static RunningJob Running(int sequence, string node, int devices) =>
        new(Worlds.Standing(sequence), "local", [new HeldPlace(node, new(1000, 0, devices), [.. Enumerable.Range(0, devices)]) { Role = "worker" }])
        {
            StartedAt = Worlds.Now - TimeSpan.FromHours(1), CheckpointedAt = Worlds.Now, Accelerator = "A100-80G",
        };

    private static Plan Plan(Node[] nodes, PendingJob[] pending, params RunningJob[] running)
    {
        var snapshot = Worlds.Snapshot(nodes, pending, running);
        var plan = Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now);
        PlanChecker.Violations(snapshot, Worlds.Policy, plan, Worlds.Now).ShouldBeEmpty();
        return plan;
    }
}
