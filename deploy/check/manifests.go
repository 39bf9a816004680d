// Manifests as the API server sees them: decoded strictly (an unknown or doubled field is a problem), defaulted,
// converted and validated by Kubernetes' own code.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"sigs.k8s.io/yaml"
)

const namespace = "chat"

// manifests reads a stream of YAML documents; it returns them as they came, and what is wrong with them.
func manifests(from io.Reader) (any, []string) {
	var all []any
	var problems []string
	var objects []runtime.Object
	documents := kyaml.NewYAMLReader(bufio.NewReader(from))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, append(problems, err.Error())
		}
		var plain map[string]any
		if err := yaml.Unmarshal(document, &plain); err != nil {
			problems = append(problems, err.Error())
			continue
		}
		if plain == nil {
			continue
		}
		all = append(all, plain)
		object, found := understand(document, fmt.Sprint(plain["kind"]))
		problems = append(problems, found...)
		if object != nil {
			objects = append(objects, object)
		}
	}
	return all, append(problems, references(objects)...)
}

func understand(document []byte, kind string) (runtime.Object, []string) {
	if kind == monitoring.ServiceMonitorsKind {
		monitor := &monitoring.ServiceMonitor{}
		if err := yaml.UnmarshalStrict(document, monitor); err != nil {
			return nil, []string{fmt.Sprintf("%s: %v", kind, err)}
		}
		return monitor, nil
	}
	scheme := legacyscheme.Scheme
	options := json.SerializerOptions{Yaml: true, Strict: true}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, options)
	decoder := legacyscheme.Codecs.DecoderToVersion(strict, runtime.InternalGroupVersioner)
	object, _, err := decoder.Decode(bytes.TrimSpace(document), nil, nil)
	if err != nil {
		return nil, []string{fmt.Sprintf("%s: %v", kind, err)}
	}
	named, err := meta.Accessor(object)
	if err != nil {
		return nil, []string{fmt.Sprintf("%s: %v", kind, err)}
	}
	named.SetNamespace(namespace)
	var problems []string
	for _, problem := range validate(object) {
		problems = append(problems, fmt.Sprintf("%s %s: %v", kind, named.GetName(), problem))
	}
	return object, problems
}

func validate(object runtime.Object) field.ErrorList {
	switch object := object.(type) {
	case *apps.StatefulSet:
		return appsvalidation.ValidateStatefulSet(object, corevalidation.PodValidationOptions{})
	case *core.Service:
		// As the server fills it in before it validates.
		if object.Spec.ClusterIP != "" {
			object.Spec.ClusterIPs = []string{object.Spec.ClusterIP}
		}
		return corevalidation.ValidateServiceCreate(object)
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(object)
	case *core.Secret:
		return corevalidation.ValidateSecret(object)
	case *core.ServiceAccount:
		return corevalidation.ValidateServiceAccount(object)
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(object, policyvalidation.PodDisruptionBudgetValidationOptions{})
	case *networking.NetworkPolicy:
		return networkvalidation.ValidateNetworkPolicy(object, networkvalidation.NetworkPolicyValidationOptions{})
	}
	return field.ErrorList{field.Invalid(field.NewPath("kind"), fmt.Sprintf("%T", object), "is not known here")}
}
