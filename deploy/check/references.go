// What the API server does not check, since the other object may come later: selectors select the pods, ports that are
// named exist, and what the release makes for its pods is mounted by them.
package main

import (
	"fmt"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/networking"
	"k8s.io/kubernetes/pkg/apis/policy"
)

type release struct {
	pods     labels.Set
	ports    sets.Set[string]
	mounted  sets.Set[string]
	services map[string]*core.Service
	problems []string
}

func references(objects []runtime.Object) []string {
	r := &release{services: map[string]*core.Service{}}
	var governing string
	for _, object := range objects {
		if set, ok := object.(*apps.StatefulSet); ok {
			governing = set.Spec.ServiceName
			r.read(&set.Spec.Template)
		}
		if service, ok := object.(*core.Service); ok {
			r.services[service.Name] = service
		}
	}
	if governing == "" || r.services[governing] == nil || r.services[governing].Spec.ClusterIP != "None" {
		r.say("the service of the stateful set, %q, is not there or not headless", governing)
	}
	for _, object := range objects {
		r.check(object)
	}
	return r.problems
}

func (r *release) say(format string, what ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, what...))
}

func (r *release) read(template *core.PodTemplateSpec) {
	r.pods, r.ports, r.mounted = template.Labels, sets.New[string](), sets.New[string]()
	for _, container := range template.Spec.Containers {
		for _, port := range container.Ports {
			r.ports.Insert(port.Name)
		}
		for _, probe := range []*core.Probe{container.LivenessProbe, container.ReadinessProbe, container.StartupProbe} {
			if probe == nil || probe.HTTPGet == nil {
				r.say("container %s lacks a probe", container.Name)
			} else {
				r.port("a probe", probe.HTTPGet.Port)
			}
		}
	}
	for _, volume := range template.Spec.Volumes {
		if volume.ConfigMap != nil {
			r.mounted.Insert("ConfigMap " + volume.ConfigMap.Name)
		}
		if volume.Secret != nil {
			r.mounted.Insert("Secret " + volume.Secret.SecretName)
		}
	}
}

func (r *release) port(who string, port intstr.IntOrString) {
	if port.Type == intstr.String && !r.ports.Has(port.StrVal) {
		r.say("%s names port %s, which no container has", who, port.StrVal)
	}
}

func (r *release) selects(who string, selector *metav1.LabelSelector) {
	if chosen, err := metav1.LabelSelectorAsSelector(selector); err != nil || chosen.Empty() || !chosen.Matches(r.pods) {
		r.say("%s does not select the pods", who)
	}
}

func (r *release) check(object runtime.Object) {
	switch object := object.(type) {
	case *core.Service:
		r.selects("Service "+object.Name, &metav1.LabelSelector{MatchLabels: object.Spec.Selector})
		for _, port := range object.Spec.Ports {
			r.port("Service "+object.Name, port.TargetPort)
		}
	case *policy.PodDisruptionBudget:
		r.selects("PodDisruptionBudget "+object.Name, object.Spec.Selector)
	case *networking.NetworkPolicy:
		r.selects("NetworkPolicy "+object.Name, &object.Spec.PodSelector)
		for _, rule := range object.Spec.Ingress {
			for _, port := range rule.Ports {
				r.port("NetworkPolicy "+object.Name, *port.Port)
			}
		}
	case *monitoring.ServiceMonitor:
		r.monitor(object)
	case *core.ConfigMap:
		if object.Labels["grafana_dashboard"] == "" && !r.mounted.Has("ConfigMap "+object.Name) {
			r.say("nothing mounts ConfigMap %s", object.Name)
		}
	case *core.Secret:
		if !r.mounted.Has("Secret " + object.Name) {
			r.say("nothing mounts Secret %s", object.Name)
		}
	}
}

func (r *release) monitor(object *monitoring.ServiceMonitor) {
	chosen, err := metav1.LabelSelectorAsSelector(&object.Spec.Selector)
	for _, endpoint := range object.Spec.Endpoints {
		found := false
		for _, service := range r.services {
			for _, port := range service.Spec.Ports {
				found = found || err == nil && chosen.Matches(labels.Set(service.Labels)) && port.Name == endpoint.Port
			}
		}
		if !found {
			r.say("ServiceMonitor %s finds no port %s", object.Name, endpoint.Port)
		}
	}
}
