namespace Convoy.Core.Scheduling.Checking;

/// <summary>Whether a node's labels and taints let a task of a role land on it, evaluated word by word.</summary>
internal static class Landing
{
    public static bool IsAllowed(RoleDemand role, Node node)
    {
        foreach (var taint in node.Taints)
        {
            if (!taint.IsPreference && !IsBorne(role, taint)) return false;
        }

        if (role.Requirement.AnyOf.Count == 0) return true;
        foreach (var term in role.Requirement.AnyOf)
        {
            var failing = term.Count(expression => !IsMet(expression, node));
            if (term.Count > 0 && failing == 0) return true;
        }

        return false;
    }

    private static bool IsBorne(RoleDemand role, Taint taint)
    {
        if (role.Requirement.Tolerations is not { } tolerations) return taint.Key == "convoy.dev/dedicated" || (role.Each.MilliDevices > 0 && taint.Key is "nvidia.com/gpu" or "amd.com/gpu" or "huawei.com/Ascend910");
        foreach (var toleration in tolerations)
        {
            switch (toleration)
            {
                case { Operator: TolerationOperator.Exists, Key: null }:
                case { Operator: TolerationOperator.Exists } when toleration.Key == taint.Key:
                case { Operator: TolerationOperator.Equal, Value: null } when toleration.Key == taint.Key && taint.Value.Length == 0:
                case { Operator: TolerationOperator.Equal } when toleration.Key == taint.Key && toleration.Value == taint.Value:
                    return true;
            }
        }

        return false;
    }

    private static bool IsMet(LabelExpression expression, Node node)
    {
        var isThere = node.Labels.TryGetValue(expression.Key, out var value);
        if (expression.Key == "metadata.name") (isThere, value) = (true, node.Name);
        var isListed = isThere && expression.Values.Contains(value);
        switch (expression.Operator)
        {
            case LabelOperator.In: return isListed;
            case LabelOperator.NotIn: return !isListed;
            case LabelOperator.Exists: return isThere;
            case LabelOperator.DoesNotExist: return !isThere;
            default:
                if (!isThere || expression.Values.Count != 1 || !IsNumber(value!, out var own) || !IsNumber(expression.Values[0], out var than)) return false;
                return expression.Operator == LabelOperator.Gt ? own > than : own < than;
        }
    }

    private static bool IsNumber(string text, out long number) =>
        long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out number);
}
