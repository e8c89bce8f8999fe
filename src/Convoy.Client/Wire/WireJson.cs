using System.Text.Json.Serialization;
using Convoy.Core.Json;
using Convoy.Core.Languages;
using Convoy.Core.Queues;

namespace Convoy.Client.Wire;

/// <summary>The JSON form of the API's records.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true,
    Converters =
    [
        typeof(ByteSizeConverter), typeof(CpuQuantityConverter), typeof(DurationConverter), typeof(ReplicasConverter), typeof(JobIdConverter),
        typeof(PriorityConverter), typeof(FrameworkConverter), typeof(TopologyLevelConverter), typeof(OrderingConverter), typeof(JobSpecConverter), typeof(TextJsonConverter),
    ])]
[JsonSerializable(typeof(SubmitRequest))]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(JobListView))]
[JsonSerializable(typeof(JobUpdateRequest))]
[JsonSerializable(typeof(JobUpdateView))]
[JsonSerializable(typeof(SubmitCheckView))]
[JsonSerializable(typeof(RunningListView))]
[JsonSerializable(typeof(TopView))]
[JsonSerializable(typeof(WhyView))]
[JsonSerializable(typeof(EventView))]
[JsonSerializable(typeof(EventListView))]
[JsonSerializable(typeof(LogChunk))]
[JsonSerializable(typeof(OutputFileView))]
[JsonSerializable(typeof(OutputListView))]
[JsonSerializable(typeof(QueueListView))]
[JsonSerializable(typeof(MetricReport))]
[JsonSerializable(typeof(ProgressReport))]
[JsonSerializable(typeof(MetricView))]
[JsonSerializable(typeof(MetricListView))]
[JsonSerializable(typeof(NodeView))]
[JsonSerializable(typeof(NodeListView))]
[JsonSerializable(typeof(NodeWishRequest))]
[JsonSerializable(typeof(NodeWishView))]
[JsonSerializable(typeof(ClusterListView))]
[JsonSerializable(typeof(ClusterView))]
[JsonSerializable(typeof(ClusterJoinRequest))]
[JsonSerializable(typeof(ClusterTokenView))]
[JsonSerializable(typeof(PauseRequest))]
[JsonSerializable(typeof(PauseView))]
[JsonSerializable(typeof(VersionView))]
[JsonSerializable(typeof(WhoAmIView))]
[JsonSerializable(typeof(NewUserRequest))]
[JsonSerializable(typeof(UserView))]
[JsonSerializable(typeof(UserListView))]
[JsonSerializable(typeof(NewTokenRequest))]
[JsonSerializable(typeof(NewTokenView))]
[JsonSerializable(typeof(TokenListView))]
[JsonSerializable(typeof(LevelView))]
[JsonSerializable(typeof(LevelListView))]
[JsonSerializable(typeof(LevelUpdate))]
[JsonSerializable(typeof(Organisation))]
[JsonSerializable(typeof(OrganisationView))]
[JsonSerializable(typeof(OrganisationChangeView))]
[JsonSerializable(typeof(QueueTreeView))]
[JsonSerializable(typeof(HistoryView))]
[JsonSerializable(typeof(DatasetView))]
[JsonSerializable(typeof(DatasetUsageListView))]
[JsonSerializable(typeof(DatasetListView))]
[JsonSerializable(typeof(DatasetVersionView))]
[JsonSerializable(typeof(DatasetVersionListView))]
[JsonSerializable(typeof(DatasetRequest))]
[JsonSerializable(typeof(DatasetTagRequest))]
[JsonSerializable(typeof(ObjectStoreListView))]
[JsonSerializable(typeof(ReplicationRequest))]
[JsonSerializable(typeof(ReplicationPlanView))]
[JsonSerializable(typeof(ReplicationListView))]
[JsonSerializable(typeof(PackCheckRequest))]
[JsonSerializable(typeof(PackCheckView))]
[JsonSerializable(typeof(Problem))]
public sealed partial class WireJson : JsonSerializerContext;
