export const text = {
  en: {
    title: "Permissions", enforce_on: "IAM's denials are enforced", enforce_report: "IAM's denials are only reported", enforce_off: "IAM is not asked (BONKEI_ENFORCE=off)",
    denied: "Denied calls", nothing_denied: "Nothing was denied", no_match: "Nothing matches the filter", more: "and {n} more", roles: "Roles", role: "Role", calls: "Calls since the start", denied_count: "Denied", grants: "Grants", used: "used", unused: "never used", unseen: "not seen here",
    definition: "Definition", was_denied: "denied", would_be_denied: "would be denied", times: "{n} times", looked_at: "Looked for a permission in", absent: "Not known here, so absent: {keys}", would_allow: "This statement would allow it", ask_again: "Ask about this",
    question: "May a role do this?", action: "Action", resource: "Resource (empty: *)", context: "Condition keys", ask: "Ask", allowed: "allowed", not_allowed: "not allowed", denied_explicitly: "explicitly denied", unknown: "not known: the text of a policy is missing",
    decides: "This statement decides", near: "About this action, but not deciding", tighten: "A policy that is sufficient:", no_grants: "Nothing is granted", no_calls: "No call yet", boundary: "Permissions boundary", trust: "May be assumed by",
    never_used: "never used", not_seen: "calls are not seen here", used_on: "used on {n} resources", aws: "AWS's own",
    actions: "Actions", not_actions: "All actions except", resources: "Resources", not_resources: "All resources except", principals: "Principals", not_principals: "All principals except", conditions: "Conditions",
  },
  ja: {
    title: "権限", enforce_on: "IAM の拒否を適用しています", enforce_report: "IAM の拒否は記録だけします", enforce_off: "IAM を確認していません (BONKEI_ENFORCE=off)",
    denied: "拒否された呼び出し", nothing_denied: "拒否された呼び出しはありません", no_match: "絞り込みに合うものはありません", more: "ほかに {n} 件", roles: "ロール", role: "ロール", calls: "起動後の呼び出し", denied_count: "拒否", grants: "許可", used: "使用", unused: "未使用", unseen: "観測外",
    definition: "定義", was_denied: "拒否", would_be_denied: "拒否されるはず", times: "{n} 回", looked_at: "許可を探したポリシー", absent: "ここでは分からないため、ないものとした条件キー: {keys}", would_allow: "次のステートメントがあれば許可されます", ask_again: "この呼び出しについて尋ねる",
    question: "このロールに許されるか", action: "アクション", resource: "リソース(空なら *)", context: "条件キー", ask: "尋ねる", allowed: "許可", not_allowed: "許可されない", denied_explicitly: "明示的に拒否", unknown: "判断できません: 内容の分からないポリシーがあります",
    decides: "決め手のステートメント", near: "同じアクションを扱うが、決め手ではないもの", tighten: "必要十分なポリシー:", no_grants: "何も許可されていません", no_calls: "まだ呼び出しはありません", boundary: "アクセス許可の境界", trust: "引き受けられるもの",
    never_used: "未使用", not_seen: "呼び出しはここでは観測できません", used_on: "{n} 個のリソースで使用", aws: "AWS のもの",
    actions: "アクション", not_actions: "次を除くアクション", resources: "リソース", not_resources: "次を除くリソース", principals: "プリンシパル", not_principals: "次を除くプリンシパル", conditions: "条件",
  },
};
