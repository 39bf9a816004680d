{{- /* Names and labels. */ -}}
{{- define "linnet.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end -}}

{{- define "linnet.nodes" -}}
{{ include "linnet.name" . }}-nodes
{{- end -}}

{{- define "linnet.pods" -}}
app.kubernetes.io/name: linnet
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "linnet.labels" -}}
{{ include "linnet.pods" . }}
app.kubernetes.io/component: frontend
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "linnet.clusterCertificate" -}}
{{ .Values.cluster.certificateSecret | default (printf "%s-cluster" (include "linnet.name" .)) }}
{{- end -}}

{{- define "linnet.gossip" -}}
{{ .Values.cluster.gossipSecret | default (printf "%s-gossip" (include "linnet.name" .)) }}
{{- end -}}

{{- define "linnet.clientCertificate" -}}
{{ .Values.clients.certificateSecret | default (printf "%s-clients" (include "linnet.name" .)) }}
{{- end -}}

{{- /* One value as TOML has it. */ -}}
{{- define "linnet.toml" -}}
{{- if kindIs "slice" . }}{{ toJson . }}{{ else if kindIs "string" . }}{{ toJson . }}{{ else if kindIs "bool" . }}{{ . }}{{ else }}{{ int64 . }}{{ end }}
{{- end -}}
