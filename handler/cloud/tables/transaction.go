package tables

import (
	"context"
	"net/http"
	"regexp"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// maxTransaction is the most operations of one entity-group transaction.
const maxTransaction = 100

// transaction gathers operations on records of one partition, of which all or none happen. Its first error
// is what submit returns.
type transaction struct {
	actions []aztables.TransactionAction
	err     error
}

// create adds a record.
func (t *transaction) create(row any) { t.append(aztables.TransactionTypeAdd, nil, row) }

// update replaces the version of a record that was read.
func (t *transaction) update(etag string, row any) {
	if etag == "" { // would be sent without a condition
		t.err = neverRead()
	}
	match := azcore.ETag(etag)
	t.append(aztables.TransactionTypeUpdateReplace, &match, row)
}

// remove deletes any version of a record.
func (t *transaction) remove(row keys) { t.removeVersion(string(azcore.ETagAny), row) }

// removeVersion deletes the version of a record that was read.
func (t *transaction) removeVersion(etag string, row keys) {
	if etag == "" {
		t.err = neverRead()
	}
	match := azcore.ETag(etag)
	t.append(aztables.TransactionTypeDelete, &match, keys{PartitionKey: row.PartitionKey, RowKey: row.RowKey})
}

func (t *transaction) append(kind aztables.TransactionType, match *azcore.ETag, row any) {
	entity, err := marshal(row)
	if err != nil && t.err == nil {
		t.err = err
	}
	t.actions = append(t.actions, aztables.TransactionAction{ActionType: kind, Entity: entity, IfMatch: match})
}

// submit does all of the operations or none. Conflict if one of them met another version, or a record that
// is there or gone against expectation.
func (s *Store) submit(ctx context.Context, table string, t transaction) error {
	_, err := s.submitTagged(ctx, table, t)
	return err
}

// submitTagged also returns the new ETags of the records, in the order of the operations; none if the answer does not
// have one of each. The SDK reads them and passes them on to nobody.
func (s *Store) submitTagged(ctx context.Context, table string, t transaction) ([]string, error) {
	if t.err != nil {
		return nil, t.err
	}
	var answer *http.Response
	err := s.inTable(ctx, table, func(client *aztables.Client) error {
		_, err := client.SubmitTransaction(policy.WithCaptureResponse(ctx, &answer), t.actions, nil)
		return transactionError(err)
	})
	if err != nil {
		return nil, goneIsConflict(err)
	}
	text, err := runtime.Payload(answer)
	if err != nil {
		return nil, nil // it is done all the same
	}
	var etags []string
	for _, found := range etagLine.FindAllSubmatch(text, -1) {
		etags = append(etags, string(found[1]))
	}
	if len(etags) != len(t.actions) {
		return nil, nil
	}
	return etags, nil
}

// etagLine is a header of one of the answers in the answer to a transaction.
var etagLine = regexp.MustCompile(`(?mi)^ETag: *(\S.*?)\r?$`)
