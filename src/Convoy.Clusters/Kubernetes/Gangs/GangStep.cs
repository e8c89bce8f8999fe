using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>How far the pod of one task has come.</summary>
internal enum PodStage
{
    /// <summary>There is none.</summary>
    Absent,

    /// <summary>Made, and on no node.</summary>
    Unbound,

    /// <summary>On its node, whether it runs already or not.</summary>
    Bound,

    /// <summary>On its node, and told to go.</summary>
    Deleting,

    /// <summary>How the task ended is known.</summary>
    Ended,
}

/// <summary>All that the next step of a gang depends on.</summary>
/// <param name="Stages">By rank.</param>
/// <param name="BoundTasks">So many tasks of this attempt, from rank 0, have been on their nodes once.</param>
/// <param name="Failed">Some task of the gang has ended otherwise than well.</param>
internal sealed record GangState(Assignment Decision, IReadOnlyList<PodStage> Stages, int BoundTasks, bool Failed);

/// <summary>What is to be done now. Where nothing is, and not all have ended, something has to happen first.</summary>
/// <param name="Create">Ranks whose pods are to be made.</param>
/// <param name="Bind">Ranks whose pods go to their nodes, all or none.</param>
/// <param name="Delete">Ranks whose pods are told to go.</param>
/// <param name="Lose">Ranks that have not run, or are not there any more, and never will be.</param>
/// <param name="IsOver">All tasks have ended.</param>
internal sealed record GangActions(IReadOnlyList<int> Create, IReadOnlyList<int> Bind, IReadOnlyList<int> Delete, IReadOnlyList<int> Lose, bool IsOver);

/// <summary>
/// The operator's rules for one gang. Pure and level-triggered: it looks at how things are and never at how they came to be, so it may be
/// asked at any time, again after a crash too.
/// </summary>
internal static class GangStep
{
    public static GangActions Next(GangState state)
    {
        var (decision, stages) = (state.Decision, state.Stages);
        var isStopping = decision.Wanted == WantedState.Stop;

        // Of a gang that runs, all that it had: those that come later find nobody.
        var isLeftAlone = state.BoundTasks > 0 && Enumerable.Range(0, Math.Min(state.BoundTasks, stages.Count)).All(rank => stages[rank] == PodStage.Ended);
        List<int> create = [], unbound = [], delete = [], lose = [];
        for (var rank = 0; rank < stages.Count; rank++)
        {
            var goes = isStopping || decision.Released.Contains(rank) || isLeftAlone;
            switch (stages[rank])
            {
                // It was there once, so its program may have run: it is never made again.
                case PodStage.Absent when goes || rank < state.BoundTasks || state.Failed:
                    lose.Add(rank);
                    break;
                case PodStage.Absent:
                    create.Add(rank);
                    break;
                case PodStage.Unbound when goes || state.Failed:
                    lose.Add(rank);
                    break;
                case PodStage.Unbound:
                    unbound.Add(rank);
                    break;
                case PodStage.Bound when goes:
                    delete.Add(rank);
                    break;
                default:
                    break;
            }
        }

        // A gang is bound when all of it is there: what an admission plugin or a quota of the cluster's refuses holds no machine.
        return new GangActions(create, create.Count == 0 ? unbound : [], delete, lose, stages.All(stage => stage == PodStage.Ended));
    }
}
